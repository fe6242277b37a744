"""Why a run does not go on, decided by the error: an outage is waited for, a limit or a fault of ours ends it."""

from triage.exceptions import (
    AnswerUnusable,
    BudgetExceeded,
    GatewayError,
    RequestRejected,
    TriageError,
)
from triage.models import EvaluationState

BUDGET_USED = "the quoted budget is used up"
SOON_SECONDS = 60  # what is free again by then is waited for


class Stop(TriageError):
    """The run ends here, in a state, and says why."""

    def __init__(self, message: str, *, state: EvaluationState) -> None:
        super().__init__(message)
        self.state = state


def is_about_the_ticket(error: GatewayError) -> bool:
    """Whether it says something of this one request: the same again would bring the same."""
    return isinstance(error, AnswerUnusable | RequestRejected)


def reason_to_stop(error: GatewayError) -> Stop | None:
    """Why going on makes no sense; None for what asking later may mend, and for what is about one ticket."""
    if isinstance(error, BudgetExceeded) and error.retry_after_seconds > SOON_SECONDS:
        return Stop(str(error), state=EvaluationState.CANCELLED)
    if error.permanent and not is_about_the_ticket(error):
        return Stop(str(error), state=EvaluationState.FAILED)
    return None
