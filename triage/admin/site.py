"""What surrounds every admin page: the sidebar, the badge, and the pages that are no table's."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import RedirectView

from triage.admin.automation import AutomationPage
from triage.admin.automation_acts import act
from triage.admin.dashboards.base import Dashboard
from triage.admin.dashboards.cache import CachePage
from triage.admin.dashboards.costs import CostsPage
from triage.admin.dashboards.doctor import DoctorPage
from triage.admin.dashboards.drafts import DraftsPage
from triage.admin.dashboards.files import report_file
from triage.admin.dashboards.health import HealthPage
from triage.admin.dashboards.live_drafts import live_drafts
from triage.admin.dashboards.plan import PlanPage
from triage.admin.dashboards.quality import QualityPage
from triage.admin.dashboards.quotas import QuotasPage
from triage.admin.evaluations_addresses import addresses
from triage.admin.home import Home

DASHBOARDS: Mapping[str, type[Dashboard]] = {
    "costs": CostsPage,
    "cache": CachePage,
    "health": HealthPage,
    "quotas": QuotasPage,
    "plan": PlanPage,
    "drafts": DraftsPage,
    "quality": QualityPage,
    "doctor": DoctorPage,
}

_COSTS = RedirectView.as_view(pattern_name="admin:costs", query_string=True)


def environment(request: HttpRequest) -> list[str] | None:
    """The badge beside the page's title, where answers do not come from Claude."""
    return ["Simulator", "warning"] if settings.TRIAGE_SIMULATOR else None


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar's groups."""
    return [
        _group(
            "Work",
            _item("Queue", "inbox", reverse("queue"), is_active=False),
            _item("Tickets", "confirmation_number", reverse("admin:triage_ticket_changelist")),
            _item("Imports", "upload_file", reverse("admin:triage_import_changelist")),
        ),
        _group(
            "Claude",
            _item("Costs", "payments", reverse("admin:costs")),
            _item("Cost plan", "calculate", reverse("admin:plan")),
            _item("Cache health", "cached", reverse("admin:cache")),
            _item("Health", "monitor_heart", reverse("admin:health")),
            _item("Quotas", "speed", reverse("admin:quotas")),
            _item("Drafts", "stylus_note", reverse("admin:drafts")),
            _item("Quality", "verified", reverse("admin:quality")),
            _item("Evaluations", "fact_check", reverse("admin:evaluations")),
            _item("Experiments", "experiment", reverse("admin:triage_experiment_changelist")),
            _item("Calls", "receipt_long", reverse("admin:triage_call_changelist")),
            _item("Batches", "stacks", reverse("admin:triage_batch_changelist")),
            _item("Alerts", "notifications", reverse("admin:triage_alert_changelist")),
        ),
        _group(
            "Rules",
            _item("Budgets", "savings", reverse("admin:triage_budget_changelist")),
            _item("Shedding order", "low_priority", reverse("admin:triage_shedding_changelist")),
            _item("Routes", "alt_route", reverse("admin:triage_featureroute_changelist")),
            _item("Labels", "sell", reverse("admin:triage_label_changelist")),
            _item("Automatic labels", "toggle_on", reverse("admin:gate")),
            _item("Automation", "smart_toy", reverse("admin:automation")),
            _item("Articles", "menu_book", reverse("admin:triage_article_changelist")),
            _item(
                "Taxonomy versions", "history", reverse("admin:triage_taxonomyversion_changelist")
            ),
            _item("Masking", "visibility_off", reverse("admin:triage_maskingpattern_changelist")),
        ),
        _group(
            "Webhooks",
            _item("Webhooks", "webhook", reverse("admin:triage_webhook_changelist")),
            _item("Deliveries", "outbox", reverse("admin:triage_delivery_changelist")),
        ),
        _group(
            "Installation",
            _item("Doctor", "stethoscope", reverse("admin:doctor")),
            _item("Alert rules", "rule_settings", reverse("admin:triage_alertrule_changelist")),
        ),
        _group(
            "People",
            _item("Users", "person", reverse("admin:accounts_user_changelist")),
            _item("Teams", "group", reverse("admin:accounts_team_changelist")),
            _item("API tokens", "key", reverse("admin:accounts_apitoken_changelist")),
        ),
    ]


def extra_urls() -> list[URLPattern]:
    """Our own pages; they come before Django's, so `index` and `login` are ours."""
    return [
        path("", admin.site.admin_view(Home.as_view()), name="index"),
        path("login/", login, name="login"),
        path("spend/", admin.site.admin_view(_COSTS), name="spend"),
        *(
            path(f"{name}/", admin.site.admin_view(page.as_view()), name=name)
            for name, page in DASHBOARDS.items()
        ),
        *addresses(),
        path("automation/", admin.site.admin_view(AutomationPage.as_view()), name="automation"),
        path("automation/<slug:name>/", admin.site.admin_view(act), name="automation-act"),
        path("drafts/live/", admin.site.admin_view(live_drafts), name="drafts-live"),
        path("reports/<slug:name>.csv", admin.site.admin_view(report_file), name="report"),
    ]


@login_not_required
def login(request: HttpRequest) -> HttpResponse:
    """There is one login, the site's; somebody who is logged in and no admin learns that here.

    Raises:
        PermissionDenied: The user is no admin.
    """
    if not request.user.is_authenticated:
        return redirect_to_login(_next(request), resolve_url(settings.LOGIN_URL))
    if not request.user.is_staff:
        raise PermissionDenied("The admin area is for admins. Ask one of them for what you need.")
    return redirect("admin:index")


def _next(request: HttpRequest) -> str:
    asked = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if is_ours else reverse("admin:index")


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": False, "items": list(items)}


def _item(title: str, icon: str, link: str, *, is_active: bool | None = None) -> dict[str, Any]:
    item = {"title": title, "icon": icon, "link": link}
    return item if is_active is None else item | {"active": is_active}
