from collections.abc import Callable

import pytest

from accounts.models import User
from triage.models import Feature
from triage.services import gateway
from triage.services.gateway import About, Reply, Request, Reuse

SCHEMA = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["refund", "login"]},
        "confidence": {"type": "number"},
    },
    "required": ["label", "confidence"],
    "additionalProperties": False,
}
GUIDE = (
    '<label name="refund">Money back for a broken or unwanted order.</label>\n'
    '<label name="login">Cannot sign in, forgotten password, locked account.</label>\n'
    + "Sort each ticket by what the customer needs done, not by its mood. "
    * 60
)


def build_request(text: str = "I want my money back, the order arrived broken.") -> Request:
    return Request(
        system=GUIDE,
        content=(f"<ticket>\n{text}\n</ticket>", "Sort the ticket above."),
        max_tokens=100,
        schema=SCHEMA,
        prompt_version="p1",
        taxonomy_version="t1",
    )


Ask = Callable[..., Reply]


@pytest.fixture
def ask(transactional_db: None) -> Ask:
    """gateway.ask with what most tests do not care about filled in."""

    def asking(
        request: Request | None = None,
        *,
        feature: Feature = Feature.CLASSIFY,
        deadline_seconds: float | None = None,
        reuse: Reuse = Reuse.STORED,
    ) -> Reply:
        return gateway.ask(
            request or build_request(),
            feature=feature,
            by=User.objects.system(),
            about=About("ticket", "1"),
            deadline_seconds=deadline_seconds,
            reuse=reuse,
        )

    return asking
