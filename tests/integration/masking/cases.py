"""Customers with something to hide, and where in the database it must not stand."""

from django.apps import apps
from django.db import connection

SECRETS = {
    "EMAIL": "maria.keller@example.com",
    "PHONE": "+1 650 253 0000",
    "CARD": "4111 1111 1111 1111",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "MEMBER_ID": "M-123456",
}
TEXT = "My order arrived broken, I want a refund and my money back. I am {EMAIL}, {PHONE}, {CARD}, {IBAN}, {MEMBER_ID}."
OF_CALLS = ("call", "attempt", "storedreply", "batch", "batchline", "prompt", "promptguide")


def ticket_text(**changes: str) -> str:
    return TEXT.format(**{**SECRETS, **changes})


def masked_text() -> str:
    """The text as Claude gets it."""
    return TEXT.format(**{kind: f"[{kind}_1]" for kind in SECRETS})


def kept_of_calls() -> str:
    """Every row that the gateway writes, as PostgreSQL shows it."""
    tables = [apps.get_model("triage", name)._meta.db_table for name in OF_CALLS]
    with connection.cursor() as cursor:
        rows = []
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)
