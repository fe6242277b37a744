"""Every error that can be written down has a kind in the tables of failures."""

from collections.abc import Iterator

import pytest

from triage import exceptions
from triage.exceptions import TriageError
from triage.selectors.reports.failures import (
    BESIDE_THE_TREE,
    CLASS_OF,
    CLASSES,
    MEANINGS,
    UNUSABLE_STOPS,
    Failure,
    failure_of,
    failure_of_stop,
)
from triage.services.drafts.ending import WRITER_LOST
from triage.services.gateway.attempts import fault_of
from triage.services.gateway.client import BatchOutcome


def tree(error: type[TriageError]) -> Iterator[type[TriageError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == exceptions.__name__:
            yield from tree(child)


@pytest.mark.parametrize("error", sorted(set(tree(TriageError)), key=repr))
def test_every_error_of_the_tree_has_a_kind(error: type[TriageError]) -> None:
    assert error in {each for found in CLASSES.values() for each in found}
    assert error.code in CLASS_OF


def test_no_error_stands_in_two_kinds() -> None:
    listed = [error for found in CLASSES.values() for error in found]

    assert len(listed) == len(set(listed))
    assert set(CLASSES) | set(BESIDE_THE_TREE.values()) == set(Failure)


@pytest.mark.parametrize(
    "code",
    [
        "owner_lost",
        WRITER_LOST,
        "batch_unreadable",
        *(f"batch_{outcome}" for outcome in BatchOutcome if outcome != BatchOutcome.SUCCEEDED),
    ],
)
def test_a_code_that_is_written_beside_the_tree_has_a_kind(code: str) -> None:
    assert code in BESIDE_THE_TREE


def test_a_code_that_nobody_knows_is_other() -> None:
    assert failure_of("from_the_future") is Failure.OTHER


@pytest.mark.parametrize("stop", sorted(MEANINGS))
def test_a_stop_reason_is_a_failure_where_the_gateway_calls_it_one(stop: str) -> None:
    fault = fault_of(stop)

    assert failure_of_stop(stop) is (CLASS_OF[fault.code] if fault else None)
    assert set(UNUSABLE_STOPS) <= set(MEANINGS)
