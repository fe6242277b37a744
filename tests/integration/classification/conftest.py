from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from accounts.models import Team, User
from tests.integration.classification.batching_cases import QUICK
from tests.integration.classification.cases import Desk
from tests.unit.gateway.conftest import one_upstream, own_clients, upstream
from triage.models import Label
from triage.services import taxonomy
from triage.services.gateway import routes
from triage.simulator import RunningSimulator

__all__ = ["one_upstream", "own_clients", "upstream"]


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.005)


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    """A published taxonomy: `refund` applies itself for the team Billing, `login` does not, `legal` is hard."""
    billing = Team.objects.create(slug="billing", name="Billing")
    Label.objects.create(
        slug="refund",
        name="Money back",
        description="The customer wants money back for a broken or unwanted order.",
        examples=["I want a refund for my broken order.", "Please pay my money back."],
        team=billing,
        auto_apply=True,
        auto_apply_reason="tests",
    )
    Label.objects.create(
        slug="login",
        name="Cannot sign in",
        description="A forgotten password or a locked account.",
        examples=["I forgot my password.", "My account is locked, I cannot sign in."],
    )
    Label.objects.create(
        slug="legal",
        name="Legal threat",
        description="A lawyer, a court or a regulator is mentioned.",
        examples=["My lawyer will write to you.", "I will see you in court."],
        always_escalate=True,
        auto_apply=True,
        auto_apply_reason="tests",
    )
    taxonomy.publish(by=User.objects.system())
    return Desk()


@pytest.fixture
def broker(transactional_db: None) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete("triage", "bulk")
    yield client
    client.delete("triage", "bulk")
    client.close()


@pytest.fixture
def quick_batches(claude: RunningSimulator) -> None:
    claude.set_scenario(QUICK)
