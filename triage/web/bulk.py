"""Changing many tickets at once: what it would change, the change, and taking it back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from triage.exceptions import InvalidInput, TriageError
from triage.models import BulkChange
from triage.selectors import queue
from triage.services import tickets
from triage.services.tickets import Selection
from triage.web import queue_address
from triage.web.access import WorkspaceView, agent, number_in, posted
from triage.web.offers import KEPT_BULK

SHOWN = "workspace/bulk_preview.html"


class BulkPreview(WorkspaceView):
    """What the change would do; nothing is written."""

    def post(self, request: HttpRequest) -> HttpResponse:
        action, value = _wanted(request)
        try:
            preview = tickets.preview_bulk(
                selection_of(request), action=action, value=value, by=agent(request)
            )
        except InvalidInput as error:
            return render(request, SHOWN, {"problem": str(error)}, status=422)
        changed = preview.matched - preview.unchanged - preview.untouched
        context = {"preview": preview, "changed": changed, "fields": _fields(request)}
        return render(request, SHOWN, context)


class BulkApply(WorkspaceView):
    """Do it, and offer on the queue to take it back."""

    def post(self, request: HttpRequest) -> HttpResponse:
        action, value = _wanted(request)
        try:
            change = tickets.change_in_bulk(
                selection_of(request), action=action, value=value, by=agent(request)
            )
        except TriageError as error:
            messages.error(request, f"Nothing was changed: {error}")
        else:
            request.session[KEPT_BULK] = change.pk
        return redirect(f"/?{request.POST.get('query', '').lstrip('?')}")


class BulkUndo(WorkspaceView):
    """Take a change back; what has moved on since is left alone."""

    def post(self, request: HttpRequest, bulk_id: int) -> HttpResponse:
        try:
            undone = tickets.undo_bulk(bulk_id, by=agent(request))
        except BulkChange.DoesNotExist:
            messages.error(request, "There is no such change of yours to take back.")
        except TriageError as error:
            messages.error(request, str(error))
        else:
            words = f"{undone.undone} ticket{'s' * (undone.undone != 1)} as before."
            left = f" {undone.left_alone} had changed since and were left alone."
            messages.success(request, words + left * bool(undone.left_alone))
        return redirect(f"/?{request.POST.get('query', '').lstrip('?')}")


def selection_of(request: HttpRequest) -> Selection:
    """The tickets that the form names: those that were ticked, or all that match its address."""
    if posted(request, "scope") == "all":
        address = queue_address.read(QueryDict(_query(request)), queue.choices())
        return Selection(filters=address.filters)
    numbers = [number_in(text) for text in request.POST.getlist("ids")]
    return Selection(ids=tuple(number for number in numbers if number is not None))


def _wanted(request: HttpRequest) -> tuple[str, str]:
    """`assign:7` as an action and its value."""
    action, _, value = posted(request, "change").partition(":")
    return action, value


def _query(request: HttpRequest) -> str:
    return request.POST.get("query", "").lstrip("?")


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    """What the preview hands on to the change."""
    named = [(name, request.POST.get(name, "")) for name in ("change", "scope", "query")]
    return [*named, *(("ids", text) for text in request.POST.getlist("ids"))]
