"""Webhooks: where events are sent, and how that goes. A secret is shown on one page, once."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.forms import BaseModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.views.decorators.http import require_POST

from triage.admin.links import link
from triage.admin.lists import ListAdmin
from triage.admin.look import chip, moment
from triage.admin.people_actions import Question, acting, ask
from triage.admin.webhook_form import WebhookForm
from triage.models import Webhook
from triage.services import webhooks
from triage.services.webhooks import KINDS, Changes

Page = Callable[[HttpRequest, int], HttpResponse]
ADDRESS_CHARACTERS = 40
NAMED_EVENTS = 2
STATE_COLORS = {"active": "success", "failing": "warning", "off": "danger"}


@admin.register(Webhook)
class WebhookAdmin(ListAdmin[Webhook]):
    form = WebhookForm
    list_display = (
        "name",
        "address",
        "state",
        "events",
        moment("last_delivered_at", "Last delivered"),
        moment("last_failed_at", "Last failed"),
        "log",
    )
    list_filter = ("is_active",)
    search_fields = ("url", "description")
    ordering = ("id",)
    sortable_by = ()
    change_form_outer_before_template = "admin/webhook_state.html"
    warn_unsaved_form = True

    def get_fieldsets(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        form = (None, {"fields": ("url", "description", "kinds")})
        facts = (("last_delivered_at", "last_failed_at"), ("by", "created_at"))
        return [form] if obj is None else [form, ("So far", {"fields": facts})]

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> list[str]:
        return ["last_delivered_at", "last_failed_at", "by", "created_at"] if obj else []

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Page] = {
            "rotate": self.rotate,
            "test": require_POST(self.test),
            "switch-on": require_POST(self.switch_on),
            "switch-off": require_POST(self.switch_off),
        }
        views = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(page), name=_address_name(name))
            for name, page in pages.items()
        ]
        return [*views, *super().get_urls()]

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Webhook:
        wanted: Changes = form.wanted
        if change:
            return webhooks.change(form.instance.pk, wanted, by=acting(request))
        webhook, secret = webhooks.create(
            wanted.url or "",
            kinds=wanted.kinds or (),
            description=wanted.description or "",
            by=acting(request),
        )
        vars(request)["secret"] = secret
        return webhook

    def save_model(
        self, request: HttpRequest, obj: Webhook, form: BaseModelForm[Webhook], change: bool
    ) -> None:
        """`save_form` has done it."""

    def save_related(
        self, request: HttpRequest, form: BaseModelForm[Webhook], formsets: Any, change: bool
    ) -> None:
        """Nothing hangs on a webhook that a form changes."""

    def response_add(
        self, request: HttpRequest, obj: Webhook, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show(request, obj, vars(request)["secret"], title="The webhook is added")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(
            request, context | {"now": timezone.now()}, *args, **kwargs
        )

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        webhooks.delete(obj.pk, by=acting(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Without the deliveries that go too: there may be millions, and nobody reads their names."""
        return (
            [str(each) for each in objs],
            {"webhooks": len(objs), "their deliveries": "all"},
            set(),
            [],
        )

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        webhook = self._webhook(request, pk)
        if request.method != "POST":
            return ask(request, _before_rotating(webhook))
        webhook, secret = webhooks.rotate_secret(pk, by=acting(request))
        self.log_change(request, webhook, "Secret rotated.")
        return self._show(request, webhook, secret, title="The secret is rotated")

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._webhook(request, pk)
        delivery = webhooks.send_test(pk, by=acting(request))
        messages.success(
            request, "A test is on its way. Load this page again to see what came of it."
        )
        return redirect("admin:triage_delivery_change", delivery.pk)

    def switch_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._switch(request, pk, is_active=True)

    def switch_off(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._switch(request, pk, is_active=False)

    def _switch(self, request: HttpRequest, pk: int, *, is_active: bool) -> HttpResponse:
        self._webhook(request, pk)
        webhook = webhooks.change(pk, Changes(is_active=is_active), by=acting(request))
        word = "on" if is_active else "off"
        self.log_change(request, webhook, f"Switched {word}.")
        messages.success(request, f"The webhook is switched {word}.")
        return redirect("admin:triage_webhook_change", pk)

    def _show(
        self, request: HttpRequest, webhook: Webhook, secret: str, *, title: str
    ) -> HttpResponse:
        """The page with the secret, this once."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "webhook": webhook,
            "secret": secret,
            "elsewhere": reverse("admin:triage_webhook_change", args=[webhook.pk]),
        }
        return TemplateResponse(request, "admin/webhook_secret.html", context)

    def _webhook(self, request: HttpRequest, pk: int) -> Webhook:
        webhook = self.get_object(request, str(pk))
        if webhook is None:
            raise Http404
        return webhook

    @admin.display(description="Webhook")
    def name(self, webhook: Webhook) -> str:
        return str(webhook)

    @admin.display(description="Address")
    def address(self, webhook: Webhook) -> str:
        return Truncator(webhook.url).chars(ADDRESS_CHARACTERS)

    @chip("State", STATE_COLORS)
    def state(self, webhook: Webhook) -> tuple[str, str]:
        if not webhook.is_active:
            return ("off", "Switched off")
        return ("failing", "Failing") if webhook.failing_since else ("active", "On")

    @admin.display(description="Events")
    def events(self, webhook: Webhook) -> str:
        """Their names, where they are few."""
        if len(webhook.kinds) <= NAMED_EVENTS:
            return ", ".join(webhook.kinds)
        return (
            "all" if len(webhook.kinds) == len(KINDS) else f"{len(webhook.kinds)} of {len(KINDS)}"
        )

    @admin.display(description="")
    def log(self, webhook: Webhook) -> SafeString:
        address = reverse("admin:triage_delivery_changelist")
        return link(f"{address}?webhook__id__exact={webhook.pk}", "Deliveries")


def _before_rotating(webhook: Webhook) -> Question:
    return Question(
        title="Rotate the secret?",
        text=(
            f"The receiver at {webhook.url} gets two signatures for 24 hours, by the new secret and by"
            " the present one, so that it can change over without losing anything. A secret that was"
            " rotated before no longer signs."
        ),
        button="Rotate",
        back=reverse("admin:triage_webhook_change", args=[webhook.pk]),
    )


def _address_name(action: str) -> str:
    return f"triage_webhook_{action}"
