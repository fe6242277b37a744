"""The queue: the views' rail, the filter bar and one page of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page

from triage.models import Priority, Status
from triage.selectors import queue
from triage.selectors.queue import COUNT_STOP, Choices, Filters, Page, View
from triage.web import queue_address
from triage.web.access import WorkspaceView, agent


@dataclass(frozen=True, slots=True)
class RailEntry:
    """One view of the rail: where it leads and how much is in it."""

    view: View
    query: str
    count: int
    is_current: bool


class QueueList(WorkspaceView):
    """One page of the queue."""

    def get(self, request: HttpRequest) -> HttpResponse:
        choices = queue.choices()
        address = queue_address.read(request.GET, choices)
        page = queue.page(address.filters, by=agent(request), after=address.after)
        if address.after and not page.rows:
            return redirect(reverse("queue") + queue_address.write(address.filters))
        counts = queue.counts(agent(request))
        context = {
            "filters": address.filters,
            "notes": address.notes,
            "page": page,
            "rail": rail(counts, address.filters.view),
            "count_stop": COUNT_STOP,
            **_links(address.filters, page),
            **_filter_choices(address.filters, choices),
            "has_tickets": bool(page.rows) or any(counts.values()) or queue.has_tickets(),
        }
        return render(request, "workspace/queue.html", context)


@method_decorator(conditional_page, name="dispatch")
class QueueRail(WorkspaceView):
    """The rail alone, asked for again and again: an unchanged one answers 304."""

    def get(self, request: HttpRequest, view: str) -> HttpResponse:
        current = View(view) if view in View.values else View.REVIEW
        context = {
            "rail": rail(queue.counts(agent(request)), current),
            "filters": Filters(view=current),
            "count_stop": COUNT_STOP,
        }
        response = render(request, "workspace/_rail.html", context)
        response["Cache-Control"] = "private, no-cache"
        return response


def rail(counts: Mapping[View, int], current: View) -> list[RailEntry]:
    return [
        RailEntry(view, queue_address.in_view(view), counts[view], is_current=view is current)
        for view in View
    ]


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
    labels = [(choice.slug, choice.name) for choice in choices.labels]
    teams = [(choice.slug, choice.name) for choice in choices.teams]
    return {
        "selects": [
            ("label", "Any label", _marked(labels, filters.label)),
            ("priority", "Any priority", _marked(Priority.choices, filters.priority)),
            ("status", "Any status", _marked(Status.choices, filters.status)),
            ("team", "Any team", _marked(teams, filters.team)),
        ]
    }


def _marked(choices: Sequence[tuple[str, str]], chosen: str) -> list[tuple[str, str, bool]]:
    return [(value, text, value == chosen) for value, text in choices]
