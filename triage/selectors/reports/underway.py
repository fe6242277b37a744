"""The drafts underway, for whoever watches all of them: a bounded number, found by the partial index of such drafts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from triage.models import Attempt, Certainty, Draft, Feature
from triage.models.drafts import UNDERWAY

FOLLOWED_AT_MOST = 50
COUNTED_AT_MOST = 1_000
JUST_FINISHED = timedelta(minutes=15)
FINISHED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt that was made for a draft. `output_usd_per_mtok` is the price that is stamped on it, "" where none is."""

    model: str
    certainty: Certainty
    cost_nanousd: int
    bound_nanousd: int
    output_usd_per_mtok: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. `rows` are the drafts that were asked about, `new` others that are underway, with their tickets and users.

    `more` is how many there are beyond, up to COUNTED_AT_MOST. `tried` are the attempts of each, by the draft's id, in order.
    """

    rows: Mapping[int, Draft]
    new: tuple[Draft, ...]
    more: int
    tried: Mapping[int, tuple[Tried, ...]]


def look(known: Collection[int], *, had: Collection[int] = ()) -> Seen:
    """At the drafts `known`, those of `had` that are over, and new ones, FOLLOWED_AT_MOST in all. Two to four queries."""
    is_asked_about = Q(pk__in=known) | Q(pk__in=had) & ~Q(state__in=UNDERWAY)
    rows = list(Draft.objects.filter(is_asked_about)) if known or had else []
    others = Draft.objects.filter(state__in=UNDERWAY).exclude(pk__in=known)
    whole = others.select_related("ticket", "by", "continues").defer("ticket__search")
    room = max(FOLLOWED_AT_MOST - len(known), 0)
    # Those that are being written come before those that wait.
    found = list(whole.order_by("-state", "enqueued_at", "id")[: room + 1])
    new = found[:room]
    more = others[:COUNTED_AT_MOST].count() - len(new) if len(found) > room else 0
    by_id = {row.pk: row for row in rows}
    return Seen(by_id, tuple(new), more, attempts_for([*rows, *new]))


def attempts_for(drafts: Iterable[Draft]) -> dict[int, tuple[Tried, ...]]:
    """The attempts that were made for each of the drafts. One query, by the index of what calls are about."""
    by_ticket = defaultdict(list)
    for draft in drafts:
        by_ticket[str(draft.ticket_id)].append(draft)
    if not by_ticket:
        return {}
    first = min(draft.created_at for each in by_ticket.values() for draft in each)
    rows = Attempt.objects.filter(
        call__about_kind="ticket",
        call__about_id__in=[*by_ticket],
        call__feature=Feature.DRAFT,
        call__created_at__gte=first,
    ).select_related("call")
    found: dict[int, tuple[Tried, ...]] = defaultdict(tuple)
    for row in rows.order_by("id"):
        for draft in by_ticket[row.call.about_id]:
            if _is_for(draft, row.call.created_at):
                found[draft.pk] += (_tried(row),)
    return found


def just_finished() -> list[Draft]:
    """The newest that were asked for in the last quarter of an hour and are over, with their tickets."""
    since = timezone.now() - JUST_FINISHED
    over = Draft.objects.filter(created_at__gte=since).exclude(state__in=UNDERWAY)
    return list(
        over.select_related("ticket")
        .defer("ticket__search")
        .order_by("-created_at")[:FINISHED_AT_MOST]
    )


def _is_for(draft: Draft, called_at: datetime) -> bool:
    """There is one draft underway for a ticket: what is asked about it meanwhile is for that one."""
    is_before_end = draft.finished_at is None or called_at <= draft.finished_at
    return draft.created_at <= called_at and is_before_end


def _tried(row: Attempt) -> Tried:
    price: dict[str, Any] = row.price
    output = str(price.get("output", ""))
    return Tried(row.model, Certainty(row.certainty), row.cost_nanousd, row.bound_nanousd, output)
