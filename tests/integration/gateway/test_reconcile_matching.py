"""Whose an entry is: by id, by time and cost, and not at all."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.gateway.reconcile_cases import (
    BOUND,
    NOON,
    account,
    add_attempt,
    after,
    bill,
    compare,
    cost_of,
    entry,
    now,
    tokens,
)
from triage.models import Attempt, Batch, BatchState, Call, Certainty, Spend
from triage.services.gateway.accounts import Entry
from triage.services.gateway.catalog import HAIKU, SONNET
from triage.services.gateway.reconciling import ledger
from triage.types import Usage

UNKNOWN = Certainty.UNKNOWN
SMALL, BIG = tokens(100, 10), tokens(3_000, 200)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"usage": tokens(100, 11)}, "10 output tokens, the account 100 uncached input, 11 output"),
        ({"cost_nanousd": 15_001}, "the ledger has $0.000015000, the account $0.000015001"),
        ({"model": SONNET}, f"the ledger says {HAIKU}, the account {SONNET}"),
    ],
)
def test_a_known_attempt_must_agree_in_every_class_and_to_the_nano_dollar(
    change: dict[str, Any], said: str
) -> None:
    add_attempt(0, usage=SMALL, request_id="req_1")

    same, _ = bill(entry(0.2, SMALL, "req_1"))
    other, notes = bill(replace(entry(0.2, SMALL, "req_1"), **change))

    assert (same.compared, same.differences) == (1, 0)
    assert other.differences == 1
    assert said in notes[0]


def test_a_known_attempt_that_the_account_lacks_is_a_difference() -> None:
    add_attempt(0, usage=SMALL, request_id="req_1")

    report, notes = bill()

    assert (report.ledger_nanousd, report.account_nanousd) == (15_000, 0)
    assert "(req_1)" in notes[0]
    assert "is not on the account" in notes[0]


@pytest.mark.parametrize("certainty", [Certainty.NONE, Certainty.KNOWN])
def test_an_entry_for_an_attempt_that_cost_nothing_is_a_difference(certainty: Certainty) -> None:
    add_attempt(0, certainty=certainty, request_id="req_1")

    assert bill()[0].differences == 0
    assert bill(entry(0.1, SMALL, "req_1"))[0].differences == 1


def test_a_line_of_a_batch_is_found_by_its_attempt_at_half_the_price() -> None:
    batch = Batch.objects.create(
        feature="backfill", model=HAIKU, lines=2, state=BatchState.COLLECTED
    )
    known = add_attempt(0, certainty=UNKNOWN, batch=batch, lasted=7_200)
    lost = add_attempt(0, certainty=UNKNOWN, batch=batch, lasted=7_200)

    report, notes = compare(
        account(
            entry(30, SMALL, custom_id=str(known.pk), is_batch=True, cost_nanousd=7_500),
            minutes=180,
        )
    )

    assert notes == []
    assert report.account_nanousd == 7_500
    assert now([known, lost]) == [("known", 7_500), ("none", 0)]


def test_a_batch_that_may_still_be_collected_is_left_alone() -> None:
    batch = Batch.objects.create(feature="backfill", model=HAIKU, lines=1, state=BatchState.READY)
    attempt = add_attempt(0, certainty=UNKNOWN, batch=batch)

    report, notes = bill(entry(30, SMALL, custom_id=str(attempt.pk), is_batch=True))

    assert (report.unsure, notes) == (1, [])
    assert now([attempt]) == [("unknown", BOUND)]


def test_an_entry_belongs_to_the_unknown_attempt_of_its_time() -> None:
    early, late = add_attempt(0, certainty=UNKNOWN), add_attempt(60, certainty=UNKNOWN)

    bill(entry(60.3, SMALL))

    assert now([early, late]) == [("none", 0), ("known", 15_000)]
    late.refresh_from_db()
    assert (late.request_id, late.output_tokens) == ("req_x", 10)


def test_of_two_at_the_same_time_the_bound_decides() -> None:
    narrow = add_attempt(0, certainty=UNKNOWN, bound=20_000)
    wide = add_attempt(0.1, certainty=UNKNOWN)

    bill(entry(0.2, BIG, "req_1"), entry(0.3, SMALL, "req_2"))

    assert now([narrow, wide]) == [("known", 15_000), ("known", cost_of(BIG))]


def test_an_entry_gives_way_to_one_that_fits_nowhere_else() -> None:
    wide = add_attempt(0, certainty=UNKNOWN)
    narrow = add_attempt(0.1, certainty=UNKNOWN, bound=20_000)

    bill(entry(0.2, SMALL, "req_1"), entry(0.3, BIG, "req_2"))

    assert now([wide, narrow]) == [("known", cost_of(BIG)), ("known", 15_000)]


def test_a_lower_bound_decides_too() -> None:
    unknown = add_attempt(0, certainty=UNKNOWN)
    begun = add_attempt(0.1, certainty=Certainty.LOWER_BOUND, usage=tokens(100, 8))

    bill(entry(0.2, tokens(10, 1), "req_1"), entry(0.3, SMALL, "req_2"))

    assert now([unknown, begun]) == [("known", 1_500), ("known", 15_000)]


def test_entries_that_compete_go_in_order_of_time_and_their_sum_is_exact() -> None:
    attempts = [add_attempt(n / 10, certainty=UNKNOWN) for n in range(3)]

    bill(entry(0.5, SMALL, "req_1"), entry(0.6, BIG, "req_2"), entry(0.7, SMALL, "req_3"))

    assert now(attempts) == [("known", 15_000), ("known", cost_of(BIG)), ("known", 15_000)]


def test_an_entry_out_of_time_model_or_bound_was_billed_without_a_row() -> None:
    attempt = add_attempt(0, certainty=UNKNOWN, bound=20_000)

    report, notes = bill(
        entry(30, SMALL, "req_late"),
        entry(0.1, SMALL, "req_other", model=SONNET),
        entry(0.1, BIG, "req_dear"),
    )

    assert report.differences == 3
    assert sorted(note.split()[4] for note in notes) == ["req_dear", "req_late", "req_other"]
    assert now([attempt]) == [("none", 0)]


def test_clocks_may_differ_by_two_seconds() -> None:
    attempts = [add_attempt(0, certainty=UNKNOWN), add_attempt(60, certainty=UNKNOWN)]

    bill(entry(-1.9, SMALL, "req_1"), entry(62.9, SMALL, "req_2"))

    assert now(attempts) == [("known", 15_000)] * 2


def test_what_its_owner_may_still_settle_is_not_judged() -> None:
    running = add_attempt(0, certainty=UNKNOWN)
    Call.objects.filter(pk=running.call_id).update(state="running", created_at=after(10**9))
    beside = add_attempt(0.5, certainty=UNKNOWN)

    report, notes = bill(entry(0.6, SMALL))

    assert (report.unsure, report.unsure_high, notes) == (2, 2 * BOUND, [])
    assert report.difference_nanousd == 15_000
    assert now([running, beside]) == [("unknown", BOUND)] * 2


def test_a_request_that_is_still_worked_may_be_any_unknown_ones() -> None:
    attempt = add_attempt(0, certainty=UNKNOWN)

    report, _ = bill(entry(0.5, Usage(), model="", is_open=True))

    assert report.unsure == 1
    assert now([attempt]) == [("unknown", BOUND)]


def test_neighbours_of_the_range_explain_what_is_theirs_and_are_not_counted() -> None:
    before = add_attempt(-1, usage=SMALL, lasted=5, request_id="req_1")
    inside = add_attempt(0, certainty=UNKNOWN, lasted=70)
    beyond = add_attempt(61, usage=BIG, request_id="req_2")

    report, notes = bill(
        entry(0.1, SMALL, "req_1"), entry(61.1, BIG, "req_2"), since=NOON, until=after(60)
    )

    assert notes == []
    assert (report.compared, report.ledger_nanousd, report.account_nanousd) == (1, 0, 0)
    assert [name for name, _ in now([before, inside, beyond])] == ["known", "none", "known"]


def test_a_call_costs_the_sum_of_its_attempts_afterwards() -> None:
    first = add_attempt(0, certainty=UNKNOWN)
    Attempt.objects.create(
        call=first.call,
        number=2,
        model=HAIKU,
        certainty=Certainty.KNOWN,
        bound_nanousd=BOUND,
        cost_nanousd=5_000,
        price={},
        lease_until=after(20),
        opened_at=after(5),
        settled_at=after(6),
        request_id="req_2",
        output_tokens=10,
    )

    bill(entry(0.5, SMALL, "req_1"), entry(5.1, tokens(0, 10), "req_2"))

    assert Call.objects.get(pk=first.call_id).cost_nanousd == 15_000 + 5_000


def test_reading_in_small_chunks_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 2)
    known = [add_attempt(n, usage=SMALL, request_id=f"req_{n}") for n in range(7)]
    unknown = [add_attempt(n + 0.5, certainty=UNKNOWN, lasted=3) for n in range(7)]

    report, notes = bill(
        *(entry(n + 0.9, SMALL, f"req_{n}") for n in range(7)), entry(4.0, BIG, "req_lost")
    )

    assert notes == []
    assert report.compared == len(known) + len(unknown)
    assert report.difference_nanousd == 0
    assert sorted(now(unknown)) == [("known", cost_of(BIG))] + [("none", 0)] * 6


MOMENTS = st.integers(0, 120)
USAGES = st.builds(tokens, st.integers(0, 4_000), st.integers(1, 300))
FATES = st.sampled_from(["known", "unknown", "unbilled", "lower_bound", "none"])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(MOMENTS, USAGES, FATES, st.integers(1, 20)), max_size=12), st.booleans())
def test_whatever_became_of_the_requests_the_ledger_ends_as_the_bill(
    monkeypatch: pytest.MonkeyPatch,
    requests: list[tuple[int, Usage, str, int]],
    is_chunked: bool,
) -> None:
    Attempt.objects.all().delete()
    Spend.objects.all().delete()
    monkeypatch.setattr(ledger, "CHUNK", 3 if is_chunked else 5_000)
    entries = [
        found for n, request in enumerate(requests) if (found := _happened(f"req_{n}", *request))
    ]

    first, notes = bill(*entries)
    second, _ = bill(*entries)

    total = sum(each.cost_nanousd or 0 for each in entries)
    assert notes == []
    assert (first.ledger_nanousd, first.account_nanousd, first.unsure) == (total, total, 0)
    assert (second.resolved, second.not_billed) == (0, 0)
    assert sum(Attempt.objects.values_list("cost_nanousd", flat=True)) == total
    assert set(Spend.objects.values_list("spent_nanousd", flat=True)) <= {total, 0}


def _happened(request_id: str, second: int, usage: Usage, fate: str, lasted: int) -> Entry | None:
    """One request's attempt as its caller saw it, and its entry where it was billed."""
    billed = entry(second + lasted / 2, usage, request_id)
    bound = cost_of(usage) + 50_000
    match fate:
        case "known":
            add_attempt(second, usage=usage, lasted=lasted, request_id=request_id, bound=bound)
        case "lower_bound":
            seen = replace(usage, output_tokens=1)
            add_attempt(
                second,
                usage=seen,
                lasted=lasted,
                certainty=Certainty.LOWER_BOUND,
                request_id=request_id,
                bound=bound,
            )
        case "unknown":
            add_attempt(second, lasted=lasted, certainty=UNKNOWN, bound=bound)
        case _:
            certainty = UNKNOWN if fate == "unbilled" else Certainty.NONE
            add_attempt(second, lasted=lasted, certainty=certainty, bound=bound)
            return None
    return billed
