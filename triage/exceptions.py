"""What can go wrong, as one tree. Every message is safe to show to a person.

    TriageError
    ├── InvalidInput                a field's fault; names the field
    ├── Conflict                    somebody else was faster
    ├── NoTaxonomy                  nothing is published that Claude could choose from
    └── GatewayError
        ├── InsideTransaction       a governed call was made inside the caller's transaction
        ├── ModelNotPriced          a model on the route is unknown or has no price
        ├── DeadlineExceeded        the call's wall clock ran out
        ├── RouteExhausted          every model on the route failed
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
            ├── ConnectionLost          broken while or after sending
            ├── NotReached              nothing was sent
            ├── ModelGone               404
            ├── RequestRejected         400, 413, 422 and other faults of ours
            └── KeyRejected             401, 402, 403

Whether to try again is asked of the error: `permanent` ends the call, `leaves_model` goes on with the next model.
"""

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


class DeadlineExceeded(GatewayError):
    code = "deadline_exceeded"
    permanent = False


class RouteExhausted(GatewayError):
    code = "route_exhausted"
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
    """

    permanent = False
    leaves_model: ClassVar[bool] = False
    may_be_billed: ClassVar[bool] = False

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


class UpstreamBroken(AttemptFailed):
    code = "upstream_error"


class UpstreamSilent(AttemptFailed):
    code = "timeout"
    leaves_model = True
    may_be_billed = True


class ConnectionLost(AttemptFailed):
    code = "connection_lost"
    may_be_billed = True


class NotReached(AttemptFailed):
    code = "not_reached"


class ModelGone(AttemptFailed):
    code = "model_gone"
    leaves_model = True


class RequestRejected(AttemptFailed):
    code = "request_rejected"
    permanent = True


class KeyRejected(AttemptFailed):
    code = "key_rejected"
    permanent = True
