from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.unit.gateway.upstream import Upstream, running_upstream


@pytest.fixture(scope="session")
def one_upstream() -> Iterator[Upstream]:
    with running_upstream() as server:
        yield server


@pytest.fixture
def upstream(one_upstream: Upstream, settings: Settings) -> Upstream:
    """A scripted stand-in in Claude's place."""
    one_upstream.reset()
    settings.ANTHROPIC_BASE_URL = one_upstream.base_url
    return one_upstream
