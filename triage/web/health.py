"""/healthz: this process answers. /readyz: what it stands on, part by part; 503 only without the database."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from triage.services import health


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    report = health.report()
    status = HTTPStatus.OK if report["database"] == health.OK else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(report, status=status)
