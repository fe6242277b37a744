"""One case from a clean start to what came of it."""

from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from faults import account, asking
from faults.account import Account
from faults.asking import Got
from faults.case import Asked, Case
from faults.timers import Timers
from triage.models import Alert, Attempt, StoredReply
from triage.services.gateway import routes
from triage.services.gateway.accounts import read_bill
from triage.services.gateway.reconciling import reconcile
from triage.simulator import RunningSimulator

# The last byte of a late answer is due by then, however slow the case.
SETTLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one case. `seconds` is until the caller had what it got.

    `reconciled` is the account after `reconcile` had settled what it could; `differences` is what it complained about.
    """

    case: Case
    timers: Timers
    got: Got
    seconds: float
    account: Account
    reconciled: Account
    differences: tuple[str, ...]
    alerts: frozenset[str]
    whole_text: str


def run(case: Case, *, simulator: RunningSimulator, timers: Timers) -> Run:
    """Play the case: nothing of an earlier one is left, in the simulator, in Redis or in the database."""
    whole_text = _start_clean(case, simulator, timers)
    first = Attempt.objects.order_by("pk").last()
    began_at, began = timezone.now(), monotonic()
    got = asking.ask(case.asked)
    seconds = monotonic() - began
    alerts = frozenset(Alert.objects.values_list("kind", flat=True))
    bill = simulator.wait_until_settled(SETTLE_SECONDS)
    attempts = Attempt.objects.filter(pk__gt=first.pk if first else 0).order_by("pk")
    before = account.read(bill=bill, attempts=list(attempts), began_at=began_at)
    differences = _reconcile(simulator, since=began_at)
    return Run(
        case=case,
        timers=timers,
        got=got,
        seconds=seconds,
        account=before,
        reconciled=account.read(bill=bill, attempts=list(attempts.all()), began_at=began_at),
        differences=differences,
        alerts=alerts,
        whole_text=whole_text,
    )


def _start_clean(case: Case, simulator: RunningSimulator, timers: Timers) -> str:
    """Forget everything, prepare what the case needs, and set its scenario. The whole text of a draft, else ""."""
    settings.ANTHROPIC_BASE_URL = simulator.base_url
    simulator.set_scenario("calm")
    cache.clear()
    StoredReply.objects.all().delete()
    Alert.objects.all().delete()
    routes.forget()
    is_draft = case.asked in (Asked.DRAFT, Asked.STORED_DRAFT)
    whole_text = asking.whole_draft() if is_draft else ""
    if case.asked is Asked.STORED_DRAFT:
        asking.store_old_draft()
    simulator.set_scenario(case.scenario_at(timers))
    simulator.reset()
    return whole_text


def _reconcile(simulator: RunningSimulator, *, since: datetime) -> tuple[str, ...]:
    """Settle the attempts opened since then by the bill; what it cannot explain, in words."""
    said: list[str] = []
    reconcile(lambda now: read_bill(simulator.base_url, now=now), since=since, note=said.append)
    return tuple(said)
