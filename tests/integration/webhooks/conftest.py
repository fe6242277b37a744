from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.integration.webhooks.receiver import Receiver, receiving
from triage.models import events


@pytest.fixture(autouse=True)
def fresh_nudge() -> None:
    events._Nudged.until = 0.0


@pytest.fixture
def private_allowed(settings: Settings) -> None:
    """The tests' receivers listen on this machine."""
    settings.TRIAGE_WEBHOOKS_ALLOW_PRIVATE = True
    settings.TRIAGE_WEBHOOKS_ALLOW_HTTP = True


@pytest.fixture
def receiver(private_allowed: None) -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
