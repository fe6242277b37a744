"""Links between the admin's pages and to the workspace."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def link(address: str, text: str) -> SafeString:
    return format_html('<a class="pages-link" href="{}">{}</a>', address, text)


def calls_about(kind: str, about_id: int | str, text: str) -> SafeString:
    """The ledger's calls about one thing."""
    query = urlencode({"about_kind": kind, "about_id": about_id})
    return link(f"{reverse('admin:triage_call_changelist')}?{query}", text)


def about(kind: str, about_id: str) -> SafeString | str:
    """What a call is about, as a link where it has a page."""
    if not kind:
        return "—"
    if kind == "ticket" and about_id.isascii() and about_id.isdigit():
        return link(reverse("admin:triage_ticket_change", args=[about_id]), f"#{about_id}")
    return f"{kind} {about_id}"
