"""Deliveries: what each webhook was sent, try by try, and sending it once more."""

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.views.decorators.http import require_POST

from triage.admin.formats import NOTHING
from triage.admin.links import link
from triage.admin.lists import ReadOnlyAdmin
from triage.admin.look import chip, moment
from triage.admin.people_actions import acting
from triage.exceptions import Conflict
from triage.models import Delivery, DeliveryState, EventKind
from triage.services import webhooks

SAID_CHARACTERS = 60
STATE_COLORS = {
    DeliveryState.PENDING: "info",
    DeliveryState.DELIVERED: "success",
    DeliveryState.FAILED: "danger",
}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_display = (
        "number",
        "kind",
        "ticket",
        "state_chip",
        "tries",
        "last_said",
        "webhook",
        moment("created_at", "Told"),
    )
    list_select_related = ("webhook", "event")
    list_filter = ("state", "webhook")
    ordering = ("-id",)
    sortable_by = ()
    change_form_outer_before_template = "admin/webhook_delivery.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("webhook", "kind"),
                    ("state", "ticket"),
                    ("created_at", "finished_at"),
                    ("next_try", "gives_up_at"),
                    "message_id",
                )
            },
        ),
        ("What is sent", {"fields": ("payload",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("webhook", "event")

    def get_readonly_fields(self, request: HttpRequest, obj: Delivery | None = None) -> list[str]:
        return ["kind", "ticket", "next_try", "payload"]

    def get_urls(self) -> list[URLPattern]:
        redeliver = self.admin_site.admin_view(require_POST(self.redeliver))
        name = "triage_delivery_redeliver"
        return [path("<int:pk>/redeliver/", redeliver, name=name), *super().get_urls()]

    def redeliver(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            webhooks.redeliver(pk, by=acting(request))
        except Conflict as error:
            messages.error(request, f"Nothing was sent. {error}")
        except Delivery.DoesNotExist:
            messages.error(request, "This delivery is gone: they are kept for 30 days.")
            return redirect("admin:triage_delivery_changelist")
        else:
            text = "It is sent once more. Load this page again to see what came of it."
            messages.success(request, text)
        return redirect("admin:triage_delivery_change", pk)

    @admin.display(description="Delivery")
    def number(self, delivery: Delivery) -> str:
        return f"#{delivery.pk}"

    @admin.display(description="Event")
    def kind(self, delivery: Delivery) -> str:
        return EventKind(delivery.event.kind).label

    @admin.display(description="Ticket")
    def ticket(self, delivery: Delivery) -> SafeString | str:
        ticket_id = delivery.event.ticket_id
        if ticket_id is None:
            return NOTHING
        return link(reverse("admin:triage_ticket_change", args=[ticket_id]), f"#{ticket_id}")

    @chip("State", STATE_COLORS)
    def state_chip(self, delivery: Delivery) -> tuple[str, str]:
        return (delivery.state, DeliveryState(delivery.state).label)

    @admin.display(description="Last answer")
    def last_said(self, delivery: Delivery) -> str:
        if not delivery.log:
            return NOTHING
        last = delivery.log[-1]
        text = last["error"] or f"{last['status']} in {last['milliseconds']:,} ms"
        return Truncator(text).chars(SAID_CHARACTERS)

    @admin.display(description="Next try")
    def next_try(self, delivery: Delivery) -> str:
        return (
            f"{delivery.due_at:%-d %b %Y, %H:%M:%S}"
            if delivery.state == DeliveryState.PENDING
            else NOTHING
        )

    @admin.display(description="")
    def payload(self, delivery: Delivery) -> SafeString:
        pretty = json.dumps(json.loads(delivery.body), ensure_ascii=False, indent=2)
        return format_html('<pre class="pages-text">{}</pre>', pretty)
