"""What each kind of alert asks of an operator, and the page that explains it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from triage.models import AlertKind
from triage.services.gateway.catalog import name_of

ALERTS = "/admin/triage/alert/"


class Scoped(StrEnum):
    """What the scope of a kind is, where its page can be asked for just that."""

    MODEL = "model"
    FEATURE = "feature"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`page` is a path of this installation; `advice` says in whole sentences what to do."""

    page: str
    advice: str
    scoped: Scoped | None = None

    def address(self, scope: str) -> str:
        """The page's path, asked for what the alert is about."""
        if self.scoped is None or not scope:
            return self.page
        return f"{self.page}?{urlencode({self.scoped.value: scope})}"


COSTS, CACHE, HEALTH = "/admin/costs/", "/admin/cache/", "/admin/health/"
QUOTAS, QUALITY, DOCTOR = "/admin/quotas/", "/admin/quality/", "/admin/doctor/"
AUTOMATION = "/admin/automation/"

MEANINGS: Mapping[AlertKind, Meaning] = {
    AlertKind.BREAKER_OPEN: Meaning(
        HEALTH,
        "Nothing has to be done at once: the next model of the route stands in, and this one is tried again by itself. If it"
        " lasts, look at the provider's status page, and give the route another model.",
        Scoped.MODEL,
    ),
    AlertKind.MODEL_GONE: Meaning(DOCTOR, "Take the model off every route that names it."),
    AlertKind.MODEL_RETIRING: Meaning(
        DOCTOR, "Put its successor on the routes, and compare the two, before that day."
    ),
    AlertKind.BUDGET_SOFT: Meaning(
        QUOTAS, "See what spends it, and raise the budget or let the shedding order do its work."
    ),
    AlertKind.BUDGET_HARD: Meaning(
        QUOTAS,
        "Raise the budget, or wait until it starts anew: what it pays for waits and is caught up by itself.",
    ),
    AlertKind.SPEND_CAP: Meaning(
        QUOTAS, "Raise the spend limit in the provider's console; until then nothing is answered."
    ),
    AlertKind.KEY_REJECTED: Meaning(
        DOCTOR, "Put a valid key into ANTHROPIC_API_KEY and restart web and workers."
    ),
    AlertKind.REDIS_DOWN: Meaning(
        DOCTOR, "Start Redis again and look at its log; what waits is stored and goes on by itself."
    ),
    AlertKind.BATCH_LOST: Meaning(
        "/admin/triage/batch/",
        "It is looked for at the provider and sent again if it is not there; look again in an hour.",
    ),
    AlertKind.WEBHOOK_DISABLED: Meaning(
        "/admin/triage/webhook/", "Mend the receiver, send it a test, then switch the webhook on."
    ),
    AlertKind.LEDGER_DIFFERS: Meaning(
        COSTS,
        "Run `python manage.py reconcile --dry-run` and look at the rows it names: another program may be using the same key.",
    ),
    AlertKind.LEDGER_UNSURE: Meaning(
        COSTS,
        "Run `python manage.py reconcile`, which settles them by the provider's account. Until then they count at their upper"
        " bound.",
    ),
    AlertKind.COST_DAY: Meaning(
        COSTS,
        "See which feature, model or person costs more than before. A budget for a day keeps it from going on.",
    ),
    AlertKind.COST_FORECAST: Meaning(
        COSTS, "Raise the month's budget, or save: by the cache, by batches, by a cheaper route."
    ),
    AlertKind.ANSWERS_CUT: Meaning(
        HEALTH, "A cut answer is paid for and not used. See which feature it is, and who asks what."
    ),
    AlertKind.SLOW: Meaning(
        HEALTH,
        "See whether one model is slow, and give the route a latency limit or another model. Drafts show their text as it"
        " comes, so they may take longer.",
        Scoped.FEATURE,
    ),
    AlertKind.ERROR_RATE: Meaning(
        HEALTH,
        "See which errors they are: too many requests ask for a slower pace, an overloaded provider for patience, anything"
        " else for a look at the calls.",
    ),
    AlertKind.CACHE_MISSES: Meaning(
        CACHE,
        "The page names the causes of the misses, with what to do about each.",
        Scoped.MODEL,
    ),
    AlertKind.QUEUE_AGE: Meaning(
        HEALTH,
        "See whether workers run for the queue `triage`, whether Claude answers, and whether a budget is used up.",
    ),
    AlertKind.CORRECTIONS_DRIFT: Meaning(
        QUALITY,
        "See which labels are corrected, then sharpen their descriptions and examples and publish them.",
    ),
    AlertKind.AUDIT_DRIFT: Meaning(
        AUTOMATION,
        "The message says for which labels. Where the local model answered them alone, it was held to a stricter threshold at"
        " once, or Claude is asked again; audits are doubled for a week. See which labels were wrong, and whether customers now"
        " write about something new.",
    ),
    AlertKind.ROLLUPS_OLD: Meaning(
        DOCTOR, "See whether Celery's beat and a worker for the queue `default` run."
    ),
}


def about(kind: str, scope: str) -> str:
    """The alert in a line, for people: "The prompt cache is hardly used: Haiku 5.5"."""
    name = AlertKind(kind).label
    return f"{name}: {name_of(scope)}" if scope else name
