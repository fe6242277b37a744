from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.integration.classification.batching_cases import QUICK
from tests.integration.classification.cases import Desk
from tests.integration.classification.conftest import desk
from tests.unit.gateway.conftest import one_upstream, own_clients, upstream
from triage.services.gateway import routes
from triage.simulator import RunningSimulator

__all__ = ["desk", "one_upstream", "own_clients", "upstream"]


@pytest.fixture
def simulated(desk: Desk, claude: RunningSimulator, own_clients: None) -> RunningSimulator:
    """The help desk with three labels, and the simulator in Claude's place, quick with batches."""
    claude.set_scenario(QUICK)
    return claude


@pytest.fixture
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.005)
    yield
    cache.clear()
