"""What the address of a dashboard asks for: `?from=2026-11-01&to=2026-11-30&feature=classify&model=…&team=3`."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from accounts.models import Team
from triage.models import Feature
from triage.models.rollups import NO_TEAM
from triage.selectors.periods import Period, this_month
from triage.selectors.tables import Asked
from triage.services.gateway.catalog import CATALOG

LONGEST_DAYS = 366
BIGGEST_TEAM = 10**12


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and in `problems` what of the address could not be used, each a sentence."""

    asked: Asked
    problems: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """The address's query that asks for the very same."""
        asked = self.asked
        given = {
            "from": asked.period.first.isoformat(),
            "to": asked.period.last.isoformat(),
            "feature": asked.feature or "",
            "model": asked.model or "",
            "team": "" if asked.team_id is None else str(asked.team_id),
        }
        return urlencode({name: value for name, value in given.items() if value})


def read(query: QueryDict, *, today: date) -> Question:
    """By default this month so far, and everything. What cannot be used is left out and named."""
    problems: list[str] = []
    try:
        period = read_period(query, today)
    except ValueError as error:
        period = this_month(today)
        problems.append(f"{error} Shown is this month.")
    feature, model, team = (query.get(name, "").strip() for name in ("feature", "model", "team"))
    if feature and feature not in Feature.values:
        problems.append(f"There is no feature “{feature[:40]}”. Shown are all of them.")
    if model and model not in CATALOG:
        problems.append(f"There is no model “{model[:80]}”. Shown are all of them.")
    team_id = _team(team)
    if team and team_id is None:
        problems.append(f"There is no team “{team[:40]}”. Shown are all of them.")
    asked = Asked(
        period=period,
        feature=Feature(feature) if feature in Feature.values else None,
        model=model if model in CATALOG else None,
        team_id=team_id,
    )
    return Question(asked, tuple(problems))


def read_period(query: QueryDict, today: date) -> Period:
    """Raises ValueError, with a sentence for people, where the range cannot be used."""
    last = _day(query.get("to", ""), default=today)
    first = _day(query.get("from", ""), default=last.replace(day=1))
    if first > last:
        raise ValueError("The first day lies after the last.")
    if (last - first).days >= LONGEST_DAYS:
        raise ValueError(f"The range is longer than {LONGEST_DAYS} days.")
    return Period(first, last)


def _day(text: str, *, default: date) -> date:
    if not text.strip():
        return default
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"“{text[:40]}” is not a date; write it like {default.isoformat()}."
        ) from None
    if not 2000 <= day.year <= 2999:
        raise ValueError(f"The year {day.year} is out of range.")
    return day


def _team(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(BIGGEST_TEAM))):
        return None
    team_id = int(text)
    is_known = team_id == NO_TEAM or Team.objects.filter(pk=team_id).exists()
    return team_id if is_known else None
