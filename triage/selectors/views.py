"""The views of the queue that people keep: a person's own, their team's and everybody's, with what is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import User
from triage.models import Priority, SavedView, Sharing, Status
from triage.selectors import queue
from triage.selectors.queue import Filters, View

SHOWN_AT_MOST = 100
COUNTED_AT_MOST = 12


@dataclass(frozen=True, slots=True)
class SavedViewRow:
    """One view as a person sees it. `query` are the parameters of the queue's address.

    `count` is bounded like the shipped views'; None where it is not counted.
    """

    id: int
    name: str
    query: Mapping[str, str]
    filters: Filters
    sharing: Sharing
    owner_name: str
    is_mine: bool
    count: int | None


def views_of(user: User) -> list[SavedViewRow]:
    """The views that `user` sees: their own first, then what others share, each by name; in four queries at most.

    The first SHOWN_AT_MOST are shown, and the first COUNTED_AT_MOST of those counted that can be counted cheaply.
    """
    saved = _visible(user)
    filters = {view.pk: filters_of(view.query) for view in saved}
    countable = [pk for pk, each in filters.items() if _is_cheap(each)][:COUNTED_AT_MOST]
    counts = queue.counts_of([filters[pk] for pk in countable], by=user)
    counted = dict(zip(countable, counts, strict=True))
    return [
        SavedViewRow(
            id=view.pk,
            name=view.name,
            query=view.query,
            filters=filters[view.pk],
            sharing=Sharing(view.sharing),
            owner_name=str(view.owner),
            is_mine=view.owner_id == user.pk,
            count=counted.get(view.pk),
        )
        for view in saved
    ]


def filters_of(query: Mapping[str, str]) -> Filters:
    """The filters that a saved query says. What we do not know any longer is left out."""
    known = {
        "priority": Priority.values,
        "status": Status.values,
    }
    kept = {
        name: query[name]
        for name in ("label", "priority", "status", "team", "text")
        if query.get(name) and query[name] in known.get(name, [query[name]])
    }
    view = query.get("view", "")
    return Filters(view=View(view) if view in View.values else View.REVIEW, **kept)


def _is_cheap(filters: Filters) -> bool:
    """Whether an index counts it: no search, and of the finished tickets no more than one thing they are narrowed to."""
    narrowed = (filters.label, filters.priority, filters.status, filters.team)
    is_one_index = filters.view is not View.SOLVED or sum(map(bool, narrowed)) <= 1
    return is_one_index and not filters.text


def _visible(user: User) -> Sequence[SavedView]:
    mine = Q(owner=user)
    shared = Q(sharing=Sharing.ALL)
    if user.team_id:
        shared |= Q(sharing=Sharing.TEAM, team=user.team_id)
    found = SavedView.objects.filter(mine | shared).select_related("owner")
    return sorted(found[:SHOWN_AT_MOST], key=lambda view: view.owner_id != user.pk)
