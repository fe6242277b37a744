"""What agents should know of Claude's state just now, from the open alerts: in words that say what it means for their work."""

from dataclasses import dataclass

from triage.models import Alert, AlertKind

MEANINGS = {
    AlertKind.BREAKER_OPEN: "Claude is not answering well just now. Another model stands in where it can; "
    "what cannot be sorted is caught up by itself.",
    AlertKind.SPEND_CAP: "The provider's spend limit is reached. Tickets arrive as always, for now without triage and drafts.",
    AlertKind.KEY_REJECTED: "The provider rejects this installation's key. Tickets arrive as always, without triage and drafts; "
    "an admin has to mend it.",
    AlertKind.BUDGET_HARD: "A budget is used up. Tickets arrive as always; what it pays for waits until it starts anew.",
    AlertKind.REDIS_DOWN: "A part of the system (Redis) is down. Tickets and replies work; drafts and who is looking do not.",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """`meaning` for the agent's work, `details` as the alert has them."""

    kind: str
    meaning: str
    details: str


def find_trouble() -> tuple[Trouble, ...]:
    """One for each kind of open alert that agents feel, in one query."""
    alerts = Alert.objects.filter(resolved_at=None, kind__in=list(MEANINGS)).order_by("opened_at")
    found = {row.kind: row.message for row in alerts}
    return tuple(Trouble(kind, MEANINGS[AlertKind(kind)], found[kind]) for kind in found)
