from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.integration.classification.conftest import broker, desk, short_backoff
from tests.integration.masking.tap import Tap, tapped
from tests.unit.gateway.conftest import one_upstream, own_clients, upstream
from triage.services import masking
from triage.simulator import RunningSimulator

__all__ = ["broker", "desk", "one_upstream", "own_clients", "short_backoff", "upstream"]


@pytest.fixture(autouse=True)
def fresh_patterns() -> Iterator[None]:
    """Each test has rows of its own."""
    masking.forget()
    yield
    masking.forget()


@pytest.fixture
def masked(settings: Settings) -> None:
    settings.TRIAGE_MASKING = True


@pytest.fixture
def wire(claude: RunningSimulator, own_clients: None, settings: Settings) -> Iterator[Tap]:
    """The simulator in Claude's place, and what is sent to it."""
    with tapped(claude.base_url) as tap:
        settings.ANTHROPIC_BASE_URL = tap.base_url
        yield tap
