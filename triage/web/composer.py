"""Writing to the customer, or a note to colleagues. What is sent of a draft is sent through the draft."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from triage.exceptions import Conflict, DraftStale, InvalidInput
from triage.models import Draft, DraftState, Message, Status
from triage.services import drafts, tickets
from triage.services.tickets import Changes
from triage.web import ticket_page
from triage.web.access import WorkspaceView, agent, is_part, number_in, posted
from triage.web.changes import lead_to
from triage.web.ticket import PAGE, context_of

SENT = "workspace/_sent.html"
UNUSED = (DraftState.READY, DraftState.BROKEN, DraftState.CANCELLED)
BODY_MAX_CHARACTERS = 16_000  # what the thread keeps of a message


class MessagePost(WorkspaceView):
    """Send a reply or add a note; with `solve` the ticket is solved too, and the next one follows."""

    def post(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        body = request.POST.get("body", "").replace("\0", "").strip()
        is_public = posted(request, "public") != "no"
        newer = _find_newer(request, ticket_id) if is_public else None
        if newer:
            return self._again(request, ticket_id, 409, newer=newer)
        try:
            _check_length(body)
            self._store(request, ticket_id, body, is_public=is_public)
        except (Conflict, InvalidInput) as error:
            return self._refuse(request, ticket_id, error)
        if is_public and posted(request, "solve"):
            tickets.change(ticket_id, Changes(status=Status.SOLVED), by=agent(request))
            messages.success(request, f"#{ticket_id}: sent and solved.")
            return lead_to(request, posted(request, "next"))
        words = "Sent." if is_public else "The note is added."
        if not is_part(request):
            messages.success(request, words)
            return redirect("ticket", ticket_id)
        return self._show(request, ticket_id, is_sent=True, said=words)

    def _store(
        self, request: HttpRequest, ticket_id: int, body: str, *, is_public: bool
    ) -> Message:
        draft = _newest_draft(ticket_id) if is_public else None
        if draft is None or draft.state != DraftState.ACCEPTED:
            if draft and draft.state in UNUSED:
                drafts.discard(draft.pk, by=agent(request))  # answered without it
            return tickets.add_message(
                ticket_id,
                body=body,
                by=agent(request),
                is_public=is_public,
                is_mailed=is_public,
            )
        is_stale_ok = posted(request, "stale_ok") == "yes"
        return drafts.send(draft.pk, body=body, by=agent(request), is_stale_ok=is_stale_ok)

    def _refuse(
        self, request: HttpRequest, ticket_id: int, error: Conflict | InvalidInput
    ) -> HttpResponse:
        if isinstance(error, DraftStale):
            return self._again(request, ticket_id, 409, is_stale=True)
        if isinstance(error, Conflict):
            return self._again(request, ticket_id, 409, problem=str(error))
        words = "Write something first." if not request.POST.get("body", "").strip() else ""
        problem = words or f"{error.message.capitalize()}."
        return self._again(request, ticket_id, 422, problem=problem)

    def _again(
        self, request: HttpRequest, ticket_id: int, status: int, **context: Any
    ) -> HttpResponse:
        """The composer with the text that was not sent, and why."""
        kept = {"body": request.POST.get("body", ""), "is_note": posted(request, "public") == "no"}
        return self._show(request, ticket_id, status=status, **kept, **context)

    def _show(
        self, request: HttpRequest, ticket_id: int, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        page = ticket_page.load(ticket_id)
        shown = {**context_of(page), "is_update": True, **context}
        return render(request, SENT if is_part(request) else PAGE, shown, status=status)


def _check_length(body: str) -> None:
    if len(body) > BODY_MAX_CHARACTERS:
        most = (
            f"{len(body):,} characters are more than the {BODY_MAX_CHARACTERS:,} that a message has"
        )
        raise InvalidInput("body", f"{most}; nothing was sent")


def _find_newer(request: HttpRequest, ticket_id: int) -> Message | None:
    """What somebody has written since the page was loaded, unless this is meant all the same."""
    seen = number_in(posted(request, "seen"))
    if seen is None or posted(request, "stale_ok") == "yes":
        return None
    newer = Message.objects.filter(ticket_id=ticket_id, is_public=True, pk__gt=seen)
    return newer.order_by("-id").first()


def _newest_draft(ticket_id: int) -> Draft | None:
    return Draft.objects.filter(ticket_id=ticket_id).order_by("-created_at", "-id").first()
