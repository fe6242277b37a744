"""When the prompt, the taxonomy, the thresholds or a model changed, as far as the calls and runs of days show it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from triage.models import Feature, Grain, Subject, Tally
from triage.selectors.reports.costs_cells import SORTING
from triage.selectors.tables import Asked

CHANGES_AT_MOST = 40
LOOKED_BACK = timedelta(days=7)  # for what stood before the range, over a weekend too
RUN_WORDS = {Subject.TAXONOMY: "Taxonomy version", Subject.THRESHOLDS: "Thresholds"}


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on (aware, UTC) something was `after` that had been `before`. `what` names it for people."""

    at: datetime
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One value on one UTC day: when it was first and last seen."""

    value: str
    first_at: datetime
    last_at: datetime


def changes(asked: Asked) -> tuple[Change, ...]:
    """The newest CHANGES_AT_MOST of the range, the oldest of them first. One query on cells of days.

    A change is the first sight of a value that was not in use at the end of the last day there was one. Values that take
    turns, as an experiment's do, change nothing; going back within a day is not seen. Evaluations, which try other models on
    purpose, are left out.
    """
    found = [
        change
        for what, days in _seen(asked).items()
        for change in _changes(what, days)
        if change.at >= asked.period.starts_at
    ]
    return tuple(sorted(found, key=lambda change: (change.at, change.what))[-CHANGES_AT_MOST:])


def _changes(what: str, days: Iterable[list[Seen]]) -> Iterator[Change]:
    """`days` in their order, each with its values in the order of their first sight."""
    standing: list[Seen] = []
    for seen in days:
        known = {each.value for each in standing}
        newcomers = [each for each in seen if standing and each.value not in known]
        before = standing[-1].value if standing else ""
        for each in newcomers:
            yield Change(each.first_at, what, before, each.value)
            before = each.value
        newest = seen[-1].first_at
        lasting = (each for each in seen if each.last_at >= newest)
        standing = sorted(lasting, key=lambda each: each.last_at)


def _seen(asked: Asked) -> Mapping[str, Iterable[list[Seen]]]:
    """By what may change, the days on which there was any of it."""
    days: dict[str, dict[datetime, list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for subject, feature, model, value, day, first_at, last_at in _rows(asked):
        if subject in RUN_WORDS:
            days[RUN_WORDS[Subject(subject)]][day].append(Seen(value, first_at, last_at))
        else:
            days[f"Prompt of {feature}"][day].append(Seen(value, first_at, last_at))
            days[f"Model of {feature}"][day].append(Seen(model, first_at, last_at))
    return {what: [_merged(seen) for _, seen in sorted(of.items())] for what, of in days.items()}


def _rows(asked: Asked) -> Iterable[tuple[str, str, str, str, datetime, datetime, datetime]]:
    tallies = Tally.objects.filter(
        grain=Grain.DAY,
        starts_at__gte=asked.period.starts_at - LOOKED_BACK,
        starts_at__lt=asked.period.ends_before,
    )
    prompts = Q(subject=Subject.PROMPT) & ~Q(feature=Feature.EVALUATE)
    if asked.feature:
        prompts &= Q(feature=asked.feature)
    is_sorting = asked.feature is None or asked.feature in SORTING
    chosen = prompts | Q(subject__in=RUN_WORDS) if is_sorting else prompts
    return tallies.filter(chosen).values_list(
        "subject", "feature", "model", "value", "starts_at", "first_at", "last_at"
    )


def _merged(seen: Iterable[Seen]) -> list[Seen]:
    """One for each value, in the order of their first sight."""
    found: dict[str, Seen] = {}
    for each in seen:
        known = found.get(each.value, each)
        found[each.value] = Seen(
            each.value, min(known.first_at, each.first_at), max(known.last_at, each.last_at)
        )
    return sorted(found.values(), key=lambda each: (each.first_at, each.value))
