"""Views of the queue that people keep and share."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from triage.exceptions import TriageError
from triage.models import SavedView
from triage.services.views import delete_view, save_view
from triage.web.access import WorkspaceView, agent, posted


class ViewSave(WorkspaceView):
    """Keep the queue's address under a name."""

    def post(self, request: HttpRequest) -> HttpResponse:
        query = QueryDict(request.POST.get("query", "").lstrip("?")).dict()
        try:
            saved = save_view(
                name=posted(request, "name", most=60),
                query={name: str(value) for name, value in query.items() if name != "after"},
                sharing=posted(request, "sharing") or "private",
                by=agent(request),
            )
        except TriageError as error:
            messages.error(request, f"The view was not saved: {error}")
        else:
            messages.success(request, f"“{saved.name}” is among your views now.")
        return redirect(f"/?{request.POST.get('query', '').lstrip('?')}")


class ViewDelete(WorkspaceView):
    """Forget a view; the tickets in it stay as they are."""

    def post(self, request: HttpRequest, view_id: int) -> HttpResponse:
        try:
            delete_view(view_id, by=agent(request))
        except SavedView.DoesNotExist:
            messages.error(request, "There is no such view of yours.")
        except TriageError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The view is gone; its tickets are as they were.")
        return redirect("queue")
