"""What is stored already, looked up without asking anybody."""

from triage.services.gateway import dedup
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.request import Request
from triage.services.gateway.shaping import shape


def find_stored(request: Request, *, model: str) -> str | None:
    """The text of the reply that an equal request to `model` brought, while it may still be reused. Costs nothing.

    Raises:
        InsideTransaction: The caller holds a transaction open.
    """
    stored = dedup.find(fingerprint_of(request, shape(request, model)))
    return stored.text if stored else None
