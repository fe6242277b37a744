"""What the tests of the ledger's list and of a call's page share."""

from typing import Any

from django.test import Client

from tests.integration.admin_cases import NOON, add_attempt
from triage.models import Call, Certainty

CALLS = "/admin/triage/call/"


def change(call: Call, **fields: Any) -> Call:
    Call.objects.filter(pk=call.pk).update(**fields)
    call.refresh_from_db()
    return call


def add_priced(call: Call, cost_nanousd: int, price: dict[str, Any], **fields: Any) -> None:
    """A settled attempt under a price of the test's own; what is settled could not be edited any more."""
    attempt = add_attempt(call, cost_nanousd, certainty=Certainty.OPEN, **fields)
    attempt.price, attempt.certainty, attempt.settled_at = price, Certainty.KNOWN, NOON
    attempt.save()


def words(client: Client, address: str, **query: str) -> str:
    """What the page says, with single spaces."""
    return " ".join(client.get(address, query).text.split())


def page_of(call: Call) -> str:
    return f"{CALLS}{call.pk}/change/"
