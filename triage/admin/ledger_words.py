"""What the ledger's codes mean, for somebody who has never seen its tables."""

from collections.abc import Mapping

from triage.models import Certainty, Obtained
from triage.models.ledger import CallState
from triage.selectors.reports.failures import MEANINGS, failure_of

CERTAIN: Mapping[str, str] = {
    Certainty.OPEN: "still running; what is held for it counts",
    Certainty.KNOWN: "exact, from the tokens that Claude reported",
    Certainty.LOWER_BOUND: "at least this; the answer broke off before all its tokens were reported",
    Certainty.UNKNOWN: "at most this; nobody knows what was billed, so what was held counts",
    Certainty.NONE: "nothing was billed",
}
BOUNDS: Mapping[str, str] = {
    Certainty.OPEN: "at most ",
    Certainty.UNKNOWN: "at most ",
    Certainty.LOWER_BOUND: "at least ",
}
OBTAINED: Mapping[str, str] = {
    Obtained.FIRST: "The first try answered.",
    Obtained.RETRY: "A further try of the same model answered.",
    Obtained.FALLBACK: "Another model on the route answered.",
    Obtained.STORED: "The stored reply of an equal call was reused, at no cost.",
    Obtained.JOINED: "An equal call was being answered; its reply was shared, at no cost.",
    Obtained.BATCH: "A batch answered, at half the price.",
    Obtained.STALE: "Claude could not be asked; an older stored reply was given instead.",
    Obtained.CANNED: "Claude could not be asked; a canned answer was given instead.",
}
STATES: Mapping[str, str] = {
    CallState.RUNNING: "It has not ended yet.",
    CallState.FAILED: "It got no answer.",
    CallState.ANSWERED: "It was answered.",
}
MISSES: Mapping[str, str] = {
    "model_changed": "the call before was to another model",
    "system_changed": "the guide had changed",
    "tools_changed": "the tools had changed",
    "messages_changed": "the messages had changed",
    "previous_message_not_found": "the provider no longer knows the call before",
    "unavailable": "the provider cannot say",
}


def error_in_words(code: str) -> str:
    """ "Overloaded (529): overloaded": the kind of failure and its code; "" where there is none."""
    return f"{failure_of(code)}: {code}" if code else ""


def stop_in_words(stop_reason: str) -> str:
    """Why Claude stopped writing, with its code; "" where it did not say."""
    if not stop_reason:
        return ""
    meaning = MEANINGS.get(stop_reason)
    return f"{meaning}: {stop_reason}" if meaning else stop_reason


def miss_in_words(reason: str) -> str:
    """Why the provider found nothing in its prompt cache, with its code; "" where it did not say."""
    meaning = MISSES.get(reason)
    return f"{meaning} ({reason})" if meaning else reason


def certainty_of(certainties: set[str]) -> str:
    """How sure a sum is, of the certainties of its parts: the least sure one."""
    for certainty in (Certainty.OPEN, Certainty.UNKNOWN, Certainty.LOWER_BOUND, Certainty.KNOWN):
        if certainty in certainties:
            return certainty
    return Certainty.NONE
