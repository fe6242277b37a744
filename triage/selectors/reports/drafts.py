"""What became of the drafts, and what the sent ones cost: by label, team, user and day."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts.models import Team, User
from triage.models import Label
from triage.models.rollups import NO_TEAM
from triage.selectors.reports.fate_columns import FIGURES, VERDICT
from triage.selectors.reports.fates import DECIDED_AT_LEAST, PAYS_FROM_SHARE, Fate, fates
from triage.selectors.tables import About, Asked, Column, Filter, Kind, Report, Table

NONE = "No draft was asked for in this time."
NO_LABEL = "No label"
NAMED_AT_MOST = 20  # users: the busiest; the total counts the others too
USED = "Used is what was sent, of the drafts that were sent or discarded. The cost per sent draft counts those not sent too."


@dataclass(frozen=True, slots=True)
class Named:
    """What people call a row's key, and the page about it."""

    name: str
    about: About | None = None


def by_label(asked: Asked) -> Table:
    found = fates(asked, by="label")
    named = label_names(found)
    verdict = (VERDICT, lambda fate: fate.verdict.value)
    note = (
        f"{USED} A ticket counts with the label it has now. Drafting does not pay where fewer than {PAYS_FROM_SHARE:.0%} are "
        f"used of at least {DECIDED_AT_LEAST} that were decided on; that is advice, nothing is switched off by it."
    )
    return _table(Column("label", "Label"), found, named, extra=verdict, note=note)


def by_team(asked: Asked) -> Table:
    found = fates(asked, by="team_id")
    rows = Team.objects.filter(pk__in=found).values_list("pk", "name")
    named = {pk: Named(name, About("admin:accounts_team_change", (pk,))) for pk, name in rows}
    named |= {NO_TEAM: Named("No team")}
    return _table(
        Column("team", "Team"),
        found,
        named,
        note=f"{USED} A ticket counts with the team it has now.",
    )


def by_user(asked: Asked) -> Table:
    """The NAMED_AT_MOST who asked for most."""
    found = fates(asked, by="by_id")
    busiest = sorted(found, key=lambda pk: (-found[pk].drafts, pk))[:NAMED_AT_MOST]
    named = {
        user.pk: Named(str(user), About("admin:accounts_user_change", (user.pk,)))
        for user in User.objects.filter(pk__in=busiest)
    }
    shown = {pk: found[pk] for pk in busiest}
    note = f"The {NAMED_AT_MOST} who asked for most; the total counts everyone. {USED}"
    total = Fate.of(found.values())
    return _table(Column("user", "Asked for by"), shown, named, total=total, note=note)


def by_day(asked: Asked) -> Table:
    """The newest day first; days without a draft are left out."""
    found = fates(asked, by="starts_at")
    days = sorted(found, reverse=True)
    columns = (Column("day", "UTC day", Kind.DAY), *(column for column, _ in FIGURES))
    return Table(
        columns=columns,
        rows=tuple((_utc_day(day), *_values(found[day])) for day in days),
        abouts=tuple(_day_alone(day, asked) for day in days),
        note=f"{USED} A draft counts on the day on which it was asked for, whenever it was sent.",
        empty=NONE,
    )


def label_names(slugs: Iterable[str]) -> dict[str, Named]:
    """Labels by slug; one that is gone keeps its slug as its name. One query."""
    rows = Label.objects.filter(slug__in=[*slugs]).values_list("pk", "slug", "name")
    known = {
        slug: Named(name, About("admin:triage_label_change", (pk,))) for pk, slug, name in rows
    }
    return known | {"": Named(NO_LABEL)}


def _table(
    first: Column,
    found: Mapping[Any, Fate],
    named: Mapping[Any, Named],
    *,
    extra: tuple[Column, Callable[[Fate], Any]] | None = None,
    total: Fate | None = None,
    note: str,
) -> Table:
    """The rows with most drafts first."""
    rows = [(named.get(key) or Named(str(key)), fate) for key, fate in found.items()]
    rows.sort(key=lambda row: (-row[1].drafts, row[0].name))
    more = [extra] if extra else []
    return Table(
        columns=(first, *(column for column, _ in (*FIGURES, *more))),
        rows=tuple(
            (name.name, *_values(fate), *(read(fate) for _, read in more)) for name, fate in rows
        ),
        total=("All", *_values(total or Fate.of(found.values())), *(None for _ in more)),
        abouts=tuple(name.about for name, _ in rows),
        note=note,
        empty=NONE,
    )


def _values(fate: Fate) -> tuple[Any, ...]:
    return tuple(read(fate) for _, read in FIGURES)


def _utc_day(starts_at: datetime) -> Any:
    return starts_at.astimezone(UTC).date()


def _day_alone(starts_at: datetime, asked: Asked) -> About:
    """The page for that day."""
    day = _utc_day(starts_at).isoformat()
    team = () if asked.team_id is None else (("team", str(asked.team_id)),)
    return About("admin:drafts", query=(("from", day), ("to", day), *team))


TEAM = frozenset({Filter.TEAM})
REPORTS: tuple[Report, ...] = (
    Report(
        "drafts-by-label",
        "Drafts by label",
        "What became of the drafts, by the ticket's label, and whether drafting pays there.",
        by_label,
        TEAM,
    ),
    Report(
        "drafts-by-team",
        "Drafts by team",
        "What became of the drafts, by the ticket's team.",
        by_team,
        TEAM,
    ),
    Report(
        "drafts-by-user",
        "Drafts by user",
        "What became of the drafts, by who asked for them.",
        by_user,
        TEAM,
    ),
    Report(
        "drafts-by-day",
        "Drafts by day",
        "What became of the drafts, by the UTC day they were asked for.",
        by_day,
        TEAM,
    ),
)
