"""Notices: what a person asked for and was not there to see the end of."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from triage.selectors.notices import Notice
from triage.services.notices import dismiss_notices
from triage.web.access import WorkspaceView, agent


class NoticesSeen(WorkspaceView):
    """Those told so far are not told again, in any browser."""

    def post(self, request: HttpRequest) -> HttpResponse:
        dismiss_notices(by=agent(request), until=timezone.now())
        return HttpResponse(status=204)


def as_json(notice: Notice) -> dict[str, Any]:
    return {
        "key": notice.key,
        "text": notice.text,
        "href": reverse(notice.url_name, args=notice.url_args),
    }
