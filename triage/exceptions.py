"""What can go wrong, as one tree. Every message is safe to show to a person.

    TriageError
    ├── InvalidInput                a field's fault; names the field
    ├── Conflict                    somebody else was faster
    │   └── DraftStale                  the requester has written since; sending it anyway has to be said
    ├── DraftsUnavailable           Redis is down, and drafts travel through it
    ├── NoTaxonomy                  nothing is published that Claude could choose from
    └── GatewayError
        ├── InsideTransaction       a governed call was made inside the caller's transaction
        ├── ModelNotPriced          a model on the route is unknown or has no price
        ├── LimitReached            a limit of ours; says which, how much, and when it resets
        │   ├── RateExceeded            too many interactive calls by one user
        │   └── BudgetExceeded          a budget has no room; nothing was asked
        ├── CostCapReached          one call's tries together would cost more than its route allows
        ├── HopSkipped              a model is passed over without being asked
        ├── DeadlineExceeded        the call's wall clock ran out
        ├── RouteExhausted          every model on the route failed
        ├── Cancelled               the caller ended a stream before it was complete
        ├── AnswerUnusable          an answer came and was paid for, but cannot be used
        │   ├── AnswerRefused
        │   ├── AnswerCut           `max_tokens` or the context window ended it
        │   └── AnswerIncomplete    no stop reason: the reply broke off
        └── AttemptFailed           one HTTP request failed
            ├── RateLimited             429
            │   └── SpendCapReached     429 that lasts until next month
            ├── Overloaded              529
            ├── UpstreamBroken          408, 409, 5xx
            ├── UpstreamSilent          no answer in time
            │   └── StreamStalled           a stream that stays open and brings nothing more
            ├── ConnectionLost          broken while or after sending
            │   └── UnexpectedClose         a stream that ended in good order before it was complete
            ├── NotReached              nothing was sent
            ├── ModelGone               404
            ├── RequestRejected         400, 413, 422 and other faults of ours
            └── KeyRejected             401, 402, 403

Whether to try again is asked of the error: `permanent` ends the call, `leaves_model` goes on with the next model.
"""

from datetime import datetime
from typing import ClassVar


class TriageError(Exception):
    """The root. `permanent`: the same again cannot succeed."""

    permanent: ClassVar[bool] = True
    code: ClassVar[str] = "error"


class InvalidInput(TriageError):
    code = "invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Conflict(TriageError):
    code = "conflict"
    permanent = False


class DraftStale(Conflict):
    code = "draft_stale"


class DraftsUnavailable(TriageError):
    code = "drafts_unavailable"
    permanent = False


class NoTaxonomy(TriageError):
    code = "no_taxonomy"
    permanent = False


class GatewayError(TriageError):
    """`cost_nanousd` is what the failed call cost all the same."""

    code = "gateway"
    cost_nanousd: int = 0


class InsideTransaction(GatewayError):
    code = "inside_transaction"


class ModelNotPriced(GatewayError):
    code = "model_not_priced"


class LimitReached(GatewayError):
    """A limit of ours refuses the call before anything is asked.

    `limit` names it for people ("the budget of drafts for today"); `allowed` and `used` are in its own unit, as text to show;
    `resets_at` is aware, UTC.
    """

    code = "limit_reached"
    permanent = False

    def __init__(
        self,
        message: str,
        *,
        limit: str,
        allowed: str,
        used: str,
        resets_at: datetime,
        retry_after_seconds: int,
    ) -> None:
        super().__init__(message)
        self.limit = limit
        self.allowed = allowed
        self.used = used
        self.resets_at = resets_at
        self.retry_after_seconds = retry_after_seconds


class RateExceeded(LimitReached):
    code = "rate_exceeded"


class BudgetExceeded(LimitReached):
    code = "budget_exceeded"


class CostCapReached(GatewayError):
    code = "cost_cap"
    permanent = False


class HopSkipped(GatewayError):
    """`reason` is the gate that is shut: open, paused, slow, gone or wait."""

    code = "hop_skipped"
    permanent = False

    def __init__(self, message: str, *, reason: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class DeadlineExceeded(GatewayError):
    code = "deadline_exceeded"
    permanent = False


class RouteExhausted(GatewayError):
    """`retry_after_seconds` is the soonest that a model on the route may be asked again, where that is known."""

    code = "route_exhausted"
    permanent = False
    retry_after_seconds: float | None = None


class Cancelled(GatewayError):
    code = "cancelled"
    permanent = False


class AnswerUnusable(GatewayError):
    code = "answer_unusable"


class AnswerRefused(AnswerUnusable):
    code = "refusal"


class AnswerCut(AnswerUnusable):
    code = "answer_cut"


class AnswerIncomplete(AnswerUnusable):
    code = "answer_incomplete"


class AttemptFailed(GatewayError):
    """One HTTP request failed.

    `leaves_model`: asking the same model again is pointless. `may_be_billed`: the provider may have worked on it.
    `is_outage`: the model's fault and nobody's request's; such failures open the breaker.
    """

    permanent = False
    leaves_model: ClassVar[bool] = False
    may_be_billed: ClassVar[bool] = False
    is_outage: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        request_id: str = "",
        retry_after_seconds: float | None = None,
        rate_limits: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.request_id = request_id
        self.retry_after_seconds = retry_after_seconds
        self.rate_limits = rate_limits or {}


class RateLimited(AttemptFailed):
    code = "rate_limited"


class SpendCapReached(RateLimited):
    code = "spend_cap"
    permanent = True


class Overloaded(AttemptFailed):
    code = "overloaded"
    is_outage = True


class UpstreamBroken(AttemptFailed):
    code = "upstream_error"
    is_outage = True


class UpstreamSilent(AttemptFailed):
    code = "timeout"
    leaves_model = True
    may_be_billed = True
    is_outage = True


class StreamStalled(UpstreamSilent):
    code = "stream_stalled"


class ConnectionLost(AttemptFailed):
    code = "connection_lost"
    may_be_billed = True
    is_outage = True


class UnexpectedClose(ConnectionLost):
    code = "unexpected_close"


class NotReached(AttemptFailed):
    code = "not_reached"
    is_outage = True


class ModelGone(AttemptFailed):
    code = "model_gone"
    leaves_model = True


class RequestRejected(AttemptFailed):
    code = "request_rejected"
    permanent = True


class KeyRejected(AttemptFailed):
    code = "key_rejected"
    permanent = True
