"""What `make eval` fails for: a promise that broke at the size that is claimed, and at no other."""

import pytest

from eval.replay_tables import CLAIMED_AT, _show_verdict
from triage.services.evaluation.replay.playing import Rules
from triage.services.evaluation.replay.summary import Promised

RULES = Rules()


def promised(broken: float) -> Promised:
    return Promised(
        coverage=0.7,
        error=0.04,
        highest_error=0.06,
        broken=broken,
        surely_broken=0.0,
        stages=(0.4, 0.2, 0.1, 0.3),
        cost=0.5,
    )


def test_a_promise_that_broke_at_another_size_is_reported_and_fails_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    are_kept = [_show_verdict(size, promised(0.08), RULES) for size in (10, None)]

    first, last = capsys.readouterr().out.splitlines()
    assert are_kept == [True, True]
    assert first.startswith("reported: with 10 labels a class at most 5% wrong")
    assert first.endswith("BROKE (8%)")
    assert last.startswith("reported: with all labels")


def test_a_promise_that_broke_at_the_claimed_size_fails(capsys: pytest.CaptureFixture[str]) -> None:
    is_kept = _show_verdict(CLAIMED_AT, promised(0.06), RULES)

    assert not is_kept
    assert capsys.readouterr().out.startswith("required: with 20 labels a class")


def test_a_promise_that_held_at_the_claimed_size_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert _show_verdict(CLAIMED_AT, promised(0.05), RULES)
    assert capsys.readouterr().out.endswith("held (5%)\n")
