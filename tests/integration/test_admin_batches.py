"""The list of batches tells what became of their lines, and reads the lines of those alone that may still change."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.admin_cases import HAIKU, NOON, add_attempt, add_call
from tests.integration.ledger_cases import words
from triage.models import Attempt, Batch, BatchState, Certainty, Feature
from triage.selectors.batches import lines_of, with_lines

pytestmark = pytest.mark.django_db
LIST = "/admin/triage/batch/"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def add_batch(state: BatchState, *lines: tuple[Certainty, int]) -> Batch:
    """With so many nano-dollars on each of its lines."""
    batch = Batch.objects.create(
        feature=Feature.BACKFILL,
        model=HAIKU,
        lines=len(lines),
        state=state,
        provider_id=f"msgbatch_{Batch.objects.count()}",
        submitting_at=NOON,
        ended_at=NOON if state == BatchState.COLLECTED else None,
        collected_at=NOON if state == BatchState.COLLECTED else None,
    )
    for certainty, cost in lines:
        add_attempt(add_call(Feature.BACKFILL), cost, certainty=certainty, batch=batch)
    return batch


def queries_on_lines(client: Client, path: str = LIST) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(path)
    return [each["sql"] for each in captured if "triage_attempt" in each["sql"]]


def test_the_list_tells_how_many_lines_stand_how_and_what_they_cost(as_bob: Client) -> None:
    add_batch(
        BatchState.COLLECTED,
        (Certainty.NONE, 0),
        (Certainty.KNOWN, 2_000_000),
        (Certainty.KNOWN, 3_000_000),
    )
    add_batch(BatchState.SUBMITTED, (Certainty.OPEN, 7_000_000))

    for _ in range(2):
        html = words(as_bob, LIST)

        assert "2 known, 1 nothing was billed" in html
        assert "1 in progress" in html
        assert "$0.005" in html
        assert "$0.007" in html


def test_lines_of_a_page_are_read_together_and_final_ones_not_again(as_bob: Client) -> None:
    over = [add_batch(BatchState.COLLECTED, (Certainty.KNOWN, n)) for n in range(1, 5)]
    underway = add_batch(BatchState.SUBMITTED, (Certainty.OPEN, 9))

    first, second = queries_on_lines(as_bob), queries_on_lines(as_bob)

    assert len(first) == len(second) == 1
    assert [each.pk for each in over if f" {each.pk}," in first[0]] != []
    assert f"IN ({underway.pk})" in second[0]


def test_a_page_of_final_batches_reads_no_line_at_all(as_bob: Client) -> None:
    add_batch(BatchState.COLLECTED, (Certainty.KNOWN, 5), (Certainty.NONE, 0))
    queries_on_lines(as_bob)

    assert queries_on_lines(as_bob) == []


@pytest.mark.parametrize("certainty", [Certainty.OPEN, Certainty.UNKNOWN, Certainty.LOWER_BOUND])
def test_what_may_still_change_is_read_anew(certainty: Certainty) -> None:
    batch = add_batch(BatchState.COLLECTED, (certainty, 5), (Certainty.KNOWN, 1))
    with_lines([batch])
    Attempt.objects.filter(batch=batch, cost_nanousd=5).update(cost_nanousd=8)

    again = Batch.objects.get(pk=batch.pk)

    assert lines_of(again).cost_nanousd == 9


def test_a_batch_whose_lines_are_not_all_there_is_not_final() -> None:
    batch = add_batch(BatchState.COLLECTED, (Certainty.KNOWN, 5))
    Batch.objects.update(lines=2)
    with_lines([Batch.objects.get()])
    add_attempt(add_call(Feature.BACKFILL), 6, batch=batch)

    assert lines_of(Batch.objects.get()).cost_nanousd == 11


def test_without_the_cache_the_same_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a cache that is down answers: with nothing."""
    monkeypatch.setattr(cache, "get_many", lambda *_: {})
    monkeypatch.setattr(cache, "set_many", lambda *_: [])
    batch = add_batch(BatchState.COLLECTED, (Certainty.KNOWN, 5))

    with_lines([batch])

    assert lines_of(batch).cost_nanousd == 5


def test_the_page_of_a_batch_tells_the_same(as_bob: Client) -> None:
    batch = add_batch(BatchState.COLLECTED, (Certainty.KNOWN, 2_000_000), (Certainty.NONE, 0))

    html = words(as_bob, f"{LIST}{batch.pk}/change/")

    assert "$0.002" in html
    assert "Nothing was billed" in html
