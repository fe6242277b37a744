"""Audits as the automation page shows them: how all answers and each group of labels stand, and what the bets are worth."""

from dataclasses import dataclass
from typing import Any

from triage.admin.formats import NOTHING, count, share
from triage.models import Automation, LocalModel
from triage.services.evaluation.learning import standing
from triage.services.evaluation.learning.certifying import RARE_BELOW, Group
from triage.services.evaluation.learning.standing import Watched
from triage.services.statistics.drift import ALL


@dataclass(frozen=True, slots=True)
class WatchLine:
    """`bet` is in stakes, and an alarm is raised at `alarm_at`."""

    name: str
    audited: str
    wrong: str
    upper: str
    verdict: str
    is_broken: bool
    bet: str
    alarm_at: str


def context(row: Automation, champion: LocalModel | None) -> dict[str, Any]:
    """What the section of the proof needs beside the row."""
    watched = standing.standings(row, champion)
    return {
        "standing": watched[0].standing,
        "watch": standing.watch_in_words(row),
        "alarm": standing.alarm_in_words(row),
        "watch_lines": [_line(each) for each in watched],
        "group_d_percent": 100 * standing.d_of(Group.EASY, row),
        "rare_below": RARE_BELOW,
    }


def _line(watched: Watched) -> WatchLine:
    now = watched.standing
    return WatchLine(
        name="All answers" if watched.name == ALL else f"{watched.name.capitalize()} labels",
        audited=count(now.audited),
        wrong=f"{count(now.wrong)} ({share(now.wrong, now.audited)})" if now.audited else NOTHING,
        upper=f"{100 * now.upper:.2f} %" if now.audited else NOTHING,
        verdict=now.verdict if now.audited else "nothing audited",
        is_broken=now.is_broken,
        bet=f"{watched.watch.wealth:,.2f}",
        alarm_at=f"{1 / watched.watch.d:,.0f}",
    )
