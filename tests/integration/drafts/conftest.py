from collections.abc import Iterator

import pytest
from pytest_django import Settings

from triage.models import Channel, Ticket
from triage.services import intake
from triage.services.drafts import live
from triage.services.gateway import routes
from triage.services.gateway.fleet.outage import Outage
from triage.services.intake import NewTicket
from triage.simulator import RunningSimulator, running

TEXT = "My kettle from order 4471 arrived with a broken lid. Can I have a new one, please?"


@pytest.fixture(autouse=True)
def short_timers(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.005)
    monkeypatch.setattr(live, "_outage", Outage("tests"))
    settings.TRIAGE_STREAM_BYTE_SECONDS = 1.0
    settings.TRIAGE_STREAM_CONTENT_SECONDS = 1.5


@pytest.fixture
def ticket(transactional_db: None) -> Ticket:
    new = NewTicket(
        description=TEXT,
        subject="Broken lid",
        channel=Channel.EMAIL,
        requester_name="Maria Keller",
        requester_email="maria@example.com",
    )
    return intake.receive(new).ticket


@pytest.fixture(scope="session")
def talking_simulator() -> Iterator[RunningSimulator]:
    with running(word_ms=20) as simulator:
        yield simulator


@pytest.fixture
def talking(talking_simulator: RunningSimulator, settings: Settings) -> RunningSimulator:
    """A simulator that takes about two seconds over a draft, word by word, in Claude's place."""
    talking_simulator.reset()
    talking_simulator.set_scenario("calm", 0)
    settings.ANTHROPIC_BASE_URL = talking_simulator.base_url
    return talking_simulator
