"""What kind of failure an error's code means: the whole tree of errors, and the codes that are written beside it."""

from collections.abc import Mapping
from enum import StrEnum

from triage import exceptions as errors


class Failure(StrEnum):
    """In the order in which tables name them; the value is what people read."""

    RATE_LIMITED = "Rate limited (429)"
    OVERLOADED = "Overloaded (529)"
    SERVER = "Server error (408, 409, 5xx)"
    TIMEOUT = "No answer in time"
    DROP = "Connection or answer broke off"
    REFUSAL = "Refused by Claude"
    CUT = "Cut at its length limit"
    REJECTED = "Request, key or model rejected (4xx)"
    LIMIT = "Stopped by a limit of ours"
    EXHAUSTED = "No model on the route answered"
    CANCELLED = "Cancelled by its reader"
    OWNER_LOST = "Its process died"
    BATCH = "Not answered in its batch"
    OTHER = "Other"


CLASSES: Mapping[Failure, tuple[type[errors.TriageError], ...]] = {
    Failure.RATE_LIMITED: (errors.RateLimited, errors.SpendCapReached),
    Failure.OVERLOADED: (errors.Overloaded,),
    Failure.SERVER: (errors.UpstreamBroken,),
    Failure.TIMEOUT: (errors.UpstreamSilent, errors.StreamStalled, errors.DeadlineExceeded),
    Failure.DROP: (
        errors.ConnectionLost,
        errors.UnexpectedClose,
        errors.NotReached,
        errors.AnswerIncomplete,
    ),
    Failure.REFUSAL: (errors.AnswerRefused,),
    Failure.CUT: (errors.AnswerCut,),
    Failure.REJECTED: (errors.ModelGone, errors.RequestRejected, errors.KeyRejected),
    Failure.LIMIT: (
        errors.LimitReached,
        errors.RateExceeded,
        errors.BudgetExceeded,
        errors.CostCapReached,
    ),
    Failure.EXHAUSTED: (errors.RouteExhausted, errors.HopSkipped),
    Failure.CANCELLED: (errors.Cancelled,),
    Failure.OTHER: (
        errors.TriageError,
        errors.InvalidInput,
        errors.Conflict,
        errors.DraftStale,
        errors.DraftsUnavailable,
        errors.NoTaxonomy,
        errors.GatewayError,
        errors.InsideTransaction,
        errors.ModelNotPriced,
        errors.AnswerUnusable,
        errors.AttemptFailed,
    ),
}
BESIDE_THE_TREE: Mapping[str, Failure] = {
    "owner_lost": Failure.OWNER_LOST,  # the ledger's statement that ends leases
    "writer_lost": Failure.OWNER_LOST,
    "batch_errored": Failure.BATCH,
    "batch_expired": Failure.BATCH,
    "batch_canceled": Failure.BATCH,
    "batch_unreadable": Failure.BATCH,
}
CLASS_OF: Mapping[str, Failure] = {
    **{error.code: failure for failure, found in CLASSES.items() for error in found},
    **BESIDE_THE_TREE,
}
UNUSABLE_STOPS: Mapping[str, Failure] = {
    "refusal": Failure.REFUSAL,
    "max_tokens": Failure.CUT,
    "model_context_window_exceeded": Failure.CUT,
}
MEANINGS: Mapping[str, str] = {
    "end_turn": "Complete",
    "stop_sequence": "Complete, at an agreed end",
    "tool_use": "Complete, with a tool's input",
    "pause_turn": "Paused by the provider",
    **{stop: str(failure) for stop, failure in UNUSABLE_STOPS.items()},
}


def failure_of(code: str) -> Failure:
    """The kind of failure that an error's code names; OTHER for a code that nobody knows."""
    return CLASS_OF.get(code, Failure.OTHER)


def failure_of_stop(stop_reason: str) -> Failure | None:
    """Why an answer that arrived could not be used, by its stop reason alone; None where it could be."""
    return UNUSABLE_STOPS.get(stop_reason)
