"""What has happened beside a page since it was loaded, for the page to tell without moving under anybody's cursor.

Asked every ten seconds; an unchanged answer is a 304 (ETag).
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page

from triage.models import Message, Ticket
from triage.models.tickets import AuthorKind
from triage.selectors import queue
from triage.selectors.notices import notices_for
from triage.services import presence
from triage.services.presence import Viewer
from triage.web import queue_address
from triage.web.access import WorkspaceView, agent, number_in
from triage.web.notices import as_json

Json = dict[str, Any]


@method_decorator(conditional_page, name="dispatch")
class Pulse(WorkspaceView):
    """Notices, and what a page adds to them."""

    def get(self, request: HttpRequest, **place: int) -> HttpResponse:
        news = {"notices": [as_json(each) for each in notices_for(agent(request))]}
        answer = JsonResponse(news | self.news(request, **place))
        answer["Cache-Control"] = "private, no-cache"
        return answer

    def news(self, request: HttpRequest, **place: int) -> Json:
        return {}


class QueuePulse(Pulse):
    """Beside the queue: how many rows a reload would add, which have gone, and who is at which ticket."""

    def news(self, request: HttpRequest, **place: int) -> Json:
        address = queue_address.read(request.GET, queue.choices())
        shown = [number_in(text) for text in request.GET.get("shown", "").split(".")]
        ids = [number for number in shown if number is not None][: queue.PAGE_ROWS]
        there = queue.page_ids(address.filters, by=agent(request), after=address.after)
        viewers = presence.viewers_of(ids)
        return {
            "new": len(set(there) - set(ids)),
            "gone": [number for number in ids if number not in there],
            "viewers": {str(number): _people(found) for number, found in viewers.items() if found},
        }


class TicketPulse(Pulse):
    """Beside a ticket: who else is there, whether it was changed, and whether the customer has written."""

    def news(self, request: HttpRequest, **place: int) -> Json:
        ticket_id = place["ticket_id"]
        is_typing = request.GET.get("typing") == "1"
        others = presence.note_presence(ticket_id, by=agent(request), is_typing=is_typing)
        version = Ticket.objects.values_list("version", flat=True).get(pk=ticket_id)
        seen = number_in(request.GET.get("seen", "")) or 0
        newer = Message.objects.filter(ticket_id=ticket_id, pk__gt=seen)
        return {
            "changed": version != number_in(request.GET.get("version", "")),
            "wrote": newer.filter(author_kind=AuthorKind.REQUESTER).exists(),
            "viewers": _people(others),
        }


def _people(viewers: tuple[Viewer, ...]) -> list[Json]:
    return [
        {"name": each.name, "initials": each.initials, "is_typing": each.is_typing}
        for each in viewers
    ]
