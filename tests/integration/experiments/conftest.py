from collections.abc import Iterator

import pytest

from tests.integration.classification.conftest import broker, desk, quick_batches, short_backoff
from tests.unit.gateway.conftest import one_upstream, own_clients, upstream
from triage.services import experiments

__all__ = [
    "broker",
    "desk",
    "one_upstream",
    "own_clients",
    "quick_batches",
    "short_backoff",
    "upstream",
]


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    """What this process read of one test's experiment is nothing to the next one."""
    experiments.forget()
    yield
    experiments.forget()
