"""What an answer means, and how long to wait for the next try."""

from datetime import UTC, datetime, timedelta

import pytest

from triage.services.webhooks import judging
from triage.services.webhooks.judging import Verdict, judge, pause_seconds
from triage.services.webhooks.sending import Answer

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (202, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (301, Verdict.GIVE_UP),
        (307, Verdict.GIVE_UP),
        (400, Verdict.GIVE_UP),
        (401, Verdict.GIVE_UP),
        (404, Verdict.GIVE_UP),
        (408, Verdict.RETRY),
        (409, Verdict.RETRY),
        (410, Verdict.GONE),
        (413, Verdict.GIVE_UP),
        (425, Verdict.RETRY),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (503, Verdict.RETRY),
        (599, Verdict.RETRY),
        (None, Verdict.RETRY),
    ],
)
def test_the_status_decides(status: int | None, verdict: Verdict) -> None:
    assert judge(Answer(status, "" if status else "No answer.")).verdict is verdict


def test_whatever_is_not_delivered_says_why() -> None:
    assert judge(Answer(302)).error == "302: a redirect, which is not followed."
    assert judge(Answer(error="No answer within 10 seconds.")).error.startswith("No answer")


def test_pauses_double_from_five_seconds_to_four_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "uniform", lambda *bounds: bounds[1])

    pauses = [pause_seconds(tries, now=NOW) for tries in (1, 2, 3, 11, 12, 13, 60, 30_000)]

    assert pauses == [5, 10, 20, 5120, 10240, 14400, 14400, 14400]


def test_a_pause_may_be_anything_below_but_is_never_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(judging, "uniform", lambda *bounds: bounds[0])

    assert pause_seconds(9, now=NOW) == 1


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("Tue, 10 Nov 2026 12:05:00 GMT", 300),
        ("Tue, 10 Nov 2026 12:05:00 -0000", 300),
        ("99999999999999999999", 999_999_999),
    ],
)
def test_retry_after_is_honoured_in_seconds_and_as_a_date(retry_after: str, seconds: float) -> None:
    assert pause_seconds(1, retry_after=retry_after, now=NOW) == seconds


@pytest.mark.parametrize(
    "retry_after",
    ["", "0", "-5", "soon", "1e9", "NaN", "٣٠", "Tue, 10 Nov 2020 12:05:00 GMT", "Tue, 99 Nov"],
)
def test_a_retry_after_that_says_nothing_leaves_the_pause(retry_after: str) -> None:
    assert 1 <= pause_seconds(1, retry_after=retry_after, now=NOW) <= 5


def test_a_day_holds_about_twenty_tries() -> None:
    """Simulated: the mean over many rounds of 24 hours."""
    rounds = 200

    tries = sum(_tries_in(timedelta(hours=24)) for _ in range(rounds)) / rounds

    assert 15 < tries < 35


def _tries_in(time: timedelta) -> int:
    passed, tries = 0.0, 0
    while passed < time.total_seconds():
        tries += 1
        passed += pause_seconds(tries, now=NOW)
    return tries
