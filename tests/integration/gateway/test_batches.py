"""Message Batches cost half, to the nano-dollar; each line is settled exactly once, whoever collects it."""

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from tests import processes
from tests.integration.gateway.batch_cases import (
    QUICK,
    certainties,
    check_equals_bill,
    check_spend,
    finish,
    give_lease_back,
    handed_in,
    lines,
    prepare,
    prepared,
    provider_has,
    step,
    total_cost,
    wait_until_ended,
)
from tests.integration.gateway.conftest import Ask, build_request
from triage.exceptions import BudgetExceeded, InsideTransaction
from triage.models import (
    Attempt,
    Batch,
    BatchLine,
    BatchState,
    Budget,
    Call,
    Certainty,
    Feature,
    Obtained,
    Period,
    Scope,
    Spend,
    StoredReply,
)
from triage.services import gateway
from triage.services.gateway.batches import collecting, steps
from triage.services.gateway.catalog import HAIKU
from triage.simulator import RunningSimulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(claude: RunningSimulator) -> None:
    claude.set_scenario(QUICK)


def set_budget(hard: int) -> None:
    Budget.objects.create(
        scope=Scope.FEATURE, key=Feature.BACKFILL, period=Period.DAY, hard_nanousd=hard
    )


def held() -> int:
    row = Spend.objects.get(scope=Scope.FEATURE, key=Feature.BACKFILL, period=Period.DAY)
    return row.held_nanousd


def test_a_batch_costs_what_the_provider_s_bill_says_and_every_reply_is_stored(
    claude: RunningSimulator,
) -> None:
    batch = prepared(12)

    assert finish(batch) == BatchState.COLLECTED

    check_equals_bill(claude)
    assert certainties(batch) == {Certainty.KNOWN: 12}
    assert Call.objects.filter(obtained=Obtained.BATCH).count() == 12
    assert all(gateway.find_stored(line.request, model=HAIKU) for line in lines(12))
    assert not BatchLine.objects.exists()


def test_the_price_is_half_of_the_live_one(claude: RunningSimulator) -> None:
    finish(batch := prepared(1))

    # Haiku 5.5 in dollars a million tokens, of which a batch pays half: input 0.10, written for an hour 0.20, output 0.50.
    attempt = Attempt.objects.get(batch=batch)
    assert attempt.cache_write_1h_tokens > 0
    assert attempt.cost_nanousd == (
        50 * attempt.uncached_input_tokens
        + 100 * attempt.cache_write_1h_tokens
        + 5 * attempt.cache_read_tokens
        + 250 * attempt.output_tokens
    )


def test_lines_are_sent_as_a_live_request_is_but_for_the_lifetime_in_the_cache(
    claude: RunningSimulator,
) -> None:
    batch = prepared(1)

    ((custom_id, body),) = steps._lines_of(batch)

    assert custom_id == str(Attempt.objects.get().pk)
    assert body["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    live = deepcopy(gateway.shaping.shape(lines(1)[0].request, HAIKU))
    assert live["system"][0]["cache_control"] == {"type": "ephemeral"}
    live["system"][0]["cache_control"]["ttl"] = "1h"
    schema = json.dumps(body["output_config"]["format"]["schema"])
    assert schema == json.dumps(live["output_config"]["format"]["schema"])  # in the same order
    assert body == live


def test_lines_that_are_stored_or_in_a_batch_already_are_not_asked_again(
    ask: Ask, claude: RunningSimulator
) -> None:
    asked = lines(4)
    ask(asked[0].request)
    first = prepare(asked[:2])
    linked: list[int | None] = []

    second = gateway.batches.prepare(
        [*asked, asked[3]],
        model=HAIKU,
        feature=Feature.BACKFILL,
        by=User.objects.system(),
        link=linked.extend,
    )

    assert (first.lines, first.reused) == (1, 1)
    assert (second.lines, second.reused) == (2, 3)
    assert first.batch
    assert second.batch
    assert linked == [None, first.batch.pk, *[second.batch.pk] * 3]


def test_nothing_but_stored_lines_makes_no_batch(ask: Ask, claude: RunningSimulator) -> None:
    ask(lines(1)[0].request)

    assert prepare(lines(1)).batch is None
    assert prepare([]).batch is None
    assert not Batch.objects.exists()


def test_lines_that_share_more_or_less_than_all_but_their_messages_are_no_batch() -> None:
    other = lines(1)[0]
    odd = replace(other, request=replace(other.request, max_tokens=7))

    with pytest.raises(ValueError, match="messages alone"):
        prepare([*lines(2), odd])

    assert not Call.objects.exists()


def test_preparing_inside_a_transaction_is_refused() -> None:
    with transaction.atomic(), pytest.raises(InsideTransaction):
        prepare(lines(1))


def test_collecting_twice_settles_every_line_once(claude: RunningSimulator) -> None:
    batch = handed_in(10)
    wait_until_ended(claude)

    assert (collecting.collect(batch), collecting.collect(batch)) == (10, 0)

    check_equals_bill(claude)


def test_two_threads_and_two_processes_share_a_batch_and_settle_every_line_once(
    claude: RunningSimulator,
) -> None:
    batch = handed_in(60)
    wait_until_ended(claude)
    module = "tests.integration.gateway.batch_child"
    children = [processes.start("-m", module, "share", str(batch.pk)) for _ in range(2)]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"

    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    with ThreadPoolExecutor(2) as threads:
        settled = list(threads.map(lambda _: collecting.collect(batch), range(2)))
    outputs = [child.communicate(timeout=30)[0] for child in children]

    settled += [int(output.split()[-1]) for output in outputs]
    assert sum(settled) == 60
    check_equals_bill(claude)


def test_only_one_worker_at_a_time_steps_a_batch(claude: RunningSimulator) -> None:
    batch = prepared(1)
    claimed = steps._claim(batch.pk)

    assert claimed
    assert gateway.batches.advance(batch.pk) is None
    give_lease_back(batch)
    assert gateway.batches.advance(batch.pk) is not None
    assert provider_has(claude) == 1


def test_a_worker_whose_lease_ended_does_not_end_the_next_one_s(claude: RunningSimulator) -> None:
    batch = prepared(1)
    slow = steps._claim(batch.pk)
    give_lease_back(batch)
    steps._claim(batch.pk)

    assert slow
    steps._release(slow, slow.lease_until)

    assert gateway.batches.advance(batch.pk) is None


def test_expired_and_errored_lines_cost_nothing_and_may_be_asked_at_once(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario(f"{QUICK}+batchexpired:0.3+batcherrored:0.3", 3)
    batch = prepared(20)

    assert finish(batch) == BatchState.COLLECTED

    check_equals_bill(claude)
    errors = set(Call.objects.exclude(error="").values_list("error", flat=True))
    assert errors == {"batch_expired", "batch_errored"}
    assert certainties(batch)[Certainty.NONE] > 2
    claude.set_scenario("calm")
    assert {ask(line.request).obtained for line in lines(20)} == {Obtained.FIRST, Obtained.STORED}


def test_cut_answers_are_paid_and_not_stored(claude: RunningSimulator) -> None:
    claude.set_scenario(f"{QUICK}+maxtokens")
    batch = prepared(3)

    finish(batch)

    check_equals_bill(claude)
    assert set(Call.objects.values_list("error", flat=True)) == {"answer_cut"}
    assert not StoredReply.objects.exists()


def test_the_bound_is_held_while_a_batch_runs_and_given_back_after_it(
    claude: RunningSimulator,
) -> None:
    batch = prepared(5)

    assert held() == total_cost() == sum(a.bound_nanousd for a in Attempt.objects.all())
    check_spend()
    finish(batch)
    assert held() == 0
    check_equals_bill(claude)


def test_a_batch_that_a_budget_has_no_room_for_is_not_written(claude: RunningSimulator) -> None:
    one = prepared(1)
    bound = held()
    set_budget(bound * 3)

    with pytest.raises(BudgetExceeded, match="backfill"):
        prepare(lines(3, first=2))

    assert list(Batch.objects.all()) == [one]
    assert held() == bound
    assert Call.objects.count() == StoredReply.objects.count() == 1
    assert prepare(lines(2, first=2)).lines == 2


def test_an_open_batch_keeps_others_from_overrunning_its_budget(
    ask: Ask, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.attempts, "HOLD_WAIT_SECONDS", 0.1)
    prepared(2)
    set_budget(held())

    with pytest.raises(BudgetExceeded):
        ask(build_request("one more"), feature=Feature.BACKFILL)

    assert claude.bill()["totals"]["requests"] == 0


@pytest.mark.parametrize("fault", ["400", "401", "413", "spendcap", "404"])
def test_a_batch_that_is_refused_for_good_fails_and_gives_everything_back(
    claude: RunningSimulator, fault: str
) -> None:
    claude.set_scenario(f"{fault}@batches")
    batch = prepared(3)

    assert step(batch) == BatchState.FAILED

    assert batch.error
    assert certainties(batch) == {Certainty.NONE: 3}
    assert not StoredReply.objects.exists()
    assert not BatchLine.objects.exists()
    assert held() == 0
    check_equals_bill(claude)
    assert gateway.batches.find_underway() == []


@pytest.mark.parametrize("fault", ["429", "529"])
def test_a_batch_that_is_turned_away_is_handed_in_again(
    claude: RunningSimulator, fault: str
) -> None:
    claude.set_scenario(f"{fault}@batchesx1+{QUICK}")
    batch = prepared(3)

    assert step(batch) == BatchState.READY
    assert finish(batch) == BatchState.COLLECTED

    check_equals_bill(claude)
    assert provider_has(claude) == 1


def test_a_poll_that_fails_leaves_the_batch_as_it_is(claude: RunningSimulator) -> None:
    batch = handed_in(3)
    claude.set_scenario("500@batchesx1")

    assert step(batch) == BatchState.SUBMITTED
    assert finish(batch) == BatchState.COLLECTED

    check_equals_bill(claude)


def test_every_line_s_lease_covers_a_batch_that_is_handed_in_late(claude: RunningSimulator) -> None:
    batch = prepared(3)
    soon = timezone.now() + timedelta(hours=2)
    StoredReply.objects.update(lease_until=soon)
    Attempt.objects.update(lease_until=soon)

    step(batch)

    batch.refresh_from_db()
    assert batch.expires_at
    assert not StoredReply.objects.filter(lease_until__lt=batch.expires_at).exists()
    assert not Attempt.objects.filter(lease_until__lt=batch.expires_at).exists()


def test_a_batch_whose_claims_have_ended_is_never_handed_in(
    ask: Ask, claude: RunningSimulator
) -> None:
    batch = prepared(3)
    past = timezone.now() - timedelta(seconds=1)
    StoredReply.objects.update(lease_until=past)
    Attempt.objects.update(lease_until=past)
    ask(lines(1)[0].request)  # somebody asks live meanwhile
    gateway.expire_attempts()

    assert step(batch) == BatchState.FAILED

    check_equals_bill(claude)
    assert provider_has(claude) == 0
    assert gateway.find_stored(lines(1)[0].request, model=HAIKU)


def test_a_line_whose_lease_ended_is_settled_by_its_late_result(claude: RunningSimulator) -> None:
    batch = handed_in(3)
    Attempt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert gateway.expire_attempts() == 3
    assert finish(batch) == BatchState.COLLECTED

    check_equals_bill(claude)


def test_a_batch_that_the_provider_denies_after_its_expiry_is_over_and_its_lines_stay_unknown(
    claude: RunningSimulator,
) -> None:
    batch = handed_in(2)
    claude.reset()

    assert step(batch) == BatchState.SUBMITTED  # it may be the key of another workspace
    Batch.objects.update(expires_at=timezone.now() - steps.GIVEN_UP_AFTER)
    Attempt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    gateway.expire_attempts()
    assert step(batch) == BatchState.FAILED

    assert certainties(batch) == {Certainty.UNKNOWN: 2}
    check_spend()
