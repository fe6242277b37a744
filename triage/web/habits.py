"""What a person has chosen for themselves."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from triage.web.access import WorkspaceView, agent, posted


class Habits(WorkspaceView):
    """Switch the single-letter shortcuts on or off, for every browser that this person uses."""

    def post(self, request: HttpRequest) -> HttpResponse:
        by = agent(request)
        by.uses_single_keys = posted(request, "uses_single_keys") == "yes"
        by.save(update_fields=["uses_single_keys"])
        state = "on" if by.uses_single_keys else "off"
        messages.success(request, f"Single-letter shortcuts are {state}.")
        return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page that the form stood on."""
    address = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    return address if address and is_ours else "queue"
