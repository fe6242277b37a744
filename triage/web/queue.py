"""The queue: the views' rail, the filter bar, one page of rows, and the bar for changing many."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page

from accounts.models import User
from triage.models import BulkChange, Priority, Sharing, Status
from triage.selectors import queue
from triage.selectors.queue import COUNT_STOP, Choices, Filters, Page, View
from triage.selectors.trouble import find_trouble
from triage.selectors.views import SavedViewRow, views_of
from triage.services import presence
from triage.services.tickets import BULK_AT_MOST
from triage.web import offers, queue_address
from triage.web.access import WorkspaceView, agent
from triage.web.offers import KEPT_BULK
from triage.web.people import Pair, agents, marked


@dataclass(frozen=True, slots=True)
class RailEntry:
    """One view of the rail: where it leads and how much is in it (None: not counted). `saved` where people made it."""

    key: str
    name: str
    query: str
    count: int | None
    is_current: bool
    saved: SavedViewRow | None = None


class QueueList(WorkspaceView):
    """One page of the queue."""

    def get(self, request: HttpRequest) -> HttpResponse:
        by = agent(request)
        choices = queue.choices()
        address = queue_address.read(request.GET, choices)
        page = queue.page(address.filters, by=by, after=address.after)
        if address.after and not page.rows:
            return redirect(reverse("queue") + queue_address.write(address.filters))
        counts = queue.counts(by)
        ids = [row.ticket.pk for row in page.rows]
        query = queue_address.write(address.filters, after=address.after)
        context = {
            "filters": address.filters,
            "notes": address.notes,
            "page": page,
            "rail": rail(by, counts, address.filters),
            "query": query,
            "pulse": f"{reverse('queue-pulse')}{query}&shown={'.'.join(map(str, ids))}",
            "viewers": presence.viewers_of(ids),
            "changes": _changes(choices),
            "count_stop": COUNT_STOP,
            "bulk_at_most": BULK_AT_MOST,
            "sharings": Sharing.choices if by.team_id else Sharing.choices[::2],
            "bulk": _made_in_bulk(request),
            "past": offers.take(request),
            "trouble": find_trouble(),
            **_links(address.filters, page),
            **_filter_choices(address.filters, choices),
            "has_tickets": bool(page.rows) or any(counts.values()) or queue.has_tickets(),
        }
        return render(request, "workspace/queue.html", context)


@method_decorator(conditional_page, name="dispatch")
class QueueRail(WorkspaceView):
    """The rail alone, asked for again and again: an unchanged one answers 304."""

    def get(self, request: HttpRequest) -> HttpResponse:
        by = agent(request)
        address = queue_address.read(request.GET, queue.choices())
        context = {
            "rail": rail(by, queue.counts(by), address.filters),
            "query": queue_address.write(address.filters),
            "count_stop": COUNT_STOP,
        }
        response = render(request, "workspace/_rail.html", context)
        response["Cache-Control"] = "private, no-cache"
        return response


def rail(by: User, counts: Mapping[View, int], current: Filters) -> list[RailEntry]:
    """The shipped views, then the saved ones."""
    now = queue_address.write(current)
    shipped = [
        RailEntry(
            view.value,
            view.label,
            queue_address.in_view(view),
            counts[view],
            is_current=queue_address.in_view(view) == now,
        )
        for view in View
    ]
    saved = [
        RailEntry(
            f"saved-{row.id}",
            row.name,
            query := queue_address.write(row.filters),
            row.count,
            is_current=query == now,
            saved=row,
        )
        for row in views_of(by)
    ]
    return [*shipped, *saved]


def _made_in_bulk(request: HttpRequest) -> BulkChange | None:
    """The bulk change made just now, told once."""
    kept = request.session.pop(KEPT_BULK, None)
    return BulkChange.objects.filter(pk=kept, undone_at=None).first() if kept else None


def _changes(choices: Choices) -> list[tuple[str, list[Pair]]]:
    """What can be done to many tickets: groups of (value, words)."""
    return [
        ("Triage", [("accept:", "Accept what triage suggests")]),
        ("Assign to", [("assign:", "Nobody"), *_of("assign", agents())]),
        ("Status", _of("status", Status.choices)),
        ("Priority", [("priority:", "No priority"), *_of("priority", Priority.choices)]),
        ("Team", _of("team", [(each.slug, each.name) for each in choices.teams])),
        ("Label", _of("label", [(each.slug, each.name) for each in choices.labels])),
    ]


def _of(action: str, pairs: Any) -> list[Pair]:
    return [(f"{action}:{value}", words) for value, words in pairs]


def _links(filters: Filters, page: Page) -> dict[str, Any]:
    previous, following = (
        queue_address.write(filters, after=cursor) if cursor else ""
        for cursor in (page.previous, page.following)
    )
    return {
        "previous": previous,
        "following": following,
        "cleared": queue_address.without_filters(filters),
    }


def _filter_choices(filters: Filters, choices: Choices) -> dict[str, Any]:
    """The selects of the filter bar: name, what stands there while nothing is chosen, and the choices."""
    given = asdict(filters)
    offered: dict[str, list[Pair]] = {
        "label": [(choice.slug, choice.name) for choice in choices.labels],
        "priority": [*Priority.choices],
        "status": [*Status.choices],
        "team": [(choice.slug, choice.name) for choice in choices.teams],
    }
    return {
        "selects": [
            (name, f"Any {name}", marked(pairs, given[name])) for name, pairs in offered.items()
        ]
    }
