from collections.abc import Iterator
from functools import cache

import anthropic
import pytest
from pytest_django import Settings

from tests.unit.gateway.upstream import Upstream, running_upstream
from triage.services.gateway.client import sdk


@pytest.fixture(scope="session")
def one_upstream() -> Iterator[Upstream]:
    with running_upstream() as server:
        yield server


@pytest.fixture
def own_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The SDK's clients of this test alone, closed after it: the process keeps only a few of them."""
    made: list[anthropic.Anthropic] = []
    build = sdk.client_for.__wrapped__

    @cache
    def build_and_keep(key: str, base_url: str) -> anthropic.Anthropic:
        made.append(build(key, base_url))
        return made[-1]

    monkeypatch.setattr(sdk, "client_for", build_and_keep)
    yield
    for each in made:
        each.close()


@pytest.fixture
def upstream(one_upstream: Upstream, own_clients: None, settings: Settings) -> Upstream:
    """A scripted stand-in in Claude's place."""
    one_upstream.reset()
    settings.ANTHROPIC_BASE_URL = one_upstream.base_url
    return one_upstream
