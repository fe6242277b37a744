"""Along the route: which model is asked next, when, and when to give up. Nothing here knows what an attempt does.

Before every try the fleet is asked (breaker, pause, latency, pace); when an attempt settles the fleet is told.
"""

from collections.abc import Callable
from typing import TypeVar

from triage.exceptions import (
    AttemptFailed,
    BudgetExceeded,
    DeadlineExceeded,
    GatewayError,
    HopSkipped,
    RouteExhausted,
)
from triage.services.gateway import alarms, attempts, dedup, fleet
from triage.services.gateway.attempts import FollowsOther, OpenAttempt, Plan
from triage.services.gateway.calls import OpenCall
from triage.services.gateway.catalog import name_of
from triage.services.gateway.fleet import Admission, Gate
from triage.services.gateway.routes import Hop, backoff_seconds

WHY_SKIPPED = {
    Gate.OPEN: "it keeps failing and is left alone for a while",
    Gate.PAUSED: "the provider asked for a pause",
    Gate.SLOW: "it has become too slow",
    Gate.GONE: "it no longer exists",
    Gate.WAIT: "the fleet's pace for it leaves no room in time",
}

Answered = TypeVar("Answered")
Try = Callable[[OpenCall, OpenAttempt], Answered]


def along_the_route(call: OpenCall, attempt: Try[Answered]) -> Answered:
    """What `attempt` brings on the first model that answers.

    Raises:
        RouteExhausted, DeadlineExceeded: Nobody answered; asking later may help.
        AttemptFailed: A failure that no other try or model would mend.
        BudgetExceeded, CostCapReached, AnswerUnusable, FollowsOther: As their names say.
    """
    last: GatewayError | None = None
    waits: list[float] = []
    for hop in call.route.hops:
        call.hops += 1
        try:
            return _on_one_model(call, hop, attempt)
        except HopSkipped as skipped:
            last = last or skipped
            waits.append(skipped.retry_after_seconds)
        except AttemptFailed as error:
            if error.permanent:
                raise
            last = error
            waits.append(error.retry_after_seconds or 0.0)
        call.clock.check()
    exhausted = RouteExhausted(f"No model could answer just now. The last said: {last}")
    exhausted.retry_after_seconds = min(waits, default=None)
    raise exhausted from last


def _on_one_model(call: OpenCall, hop: Hop, attempt: Try[Answered]) -> Answered:
    """Try one model until it answers, its tries are used up, or waiting longer makes no sense."""
    for failures in range(1, hop.tries + 1):
        try:
            return _once(call, hop, attempt)
        except AttemptFailed as error:
            pause = backoff_seconds(
                failures=failures, retry_after_seconds=error.retry_after_seconds
            )
            is_last = failures == hop.tries or not call.clock.can_wait(pause)
            if error.permanent or error.leaves_model or is_last:
                raise
            call.clock.wait(pause)
    raise AssertionError("a hop has at least one try")


def _once(call: OpenCall, hop: Hop, attempt: Try[Answered]) -> Answered:
    """One try: through the gate, the hold committed, asked."""
    plan = attempts.plan(call, hop)
    admission = _pass_gate(call, hop, plan)
    try:
        opened = attempts.open_attempt(call, plan, is_probe=admission.is_probe)
    except BaseException as error:
        fleet.release(hop.model, estimated=plan.estimated_tokens, was_probe=admission.is_probe)
        if isinstance(error, BudgetExceeded):
            alarms.note_refusal(error)
        raise
    return attempt(call, opened)


def _pass_gate(call: OpenCall, hop: Hop, plan: Plan) -> Admission:
    """Wait until the fleet lets this try through.

    Raises:
        HopSkipped: It will not in time, or the model is not to be asked now.
        DeadlineExceeded: Only the pace is in the way of background work: it waits its turn, no dearer model is asked instead.
        FollowsOther: It would take a wait, and a stored reply is there.
    """
    input_tokens, output_tokens = plan.estimated_tokens
    is_last_hop = hop == call.route.hops[-1]
    while True:
        admission = fleet.admit(
            hop.model,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            is_interactive=call.is_interactive,
            latency_limit_seconds=None if is_last_hop else call.route.latency_limit_seconds,
        )
        if admission.gate is Gate.GO:
            return admission
        if not call.id and call.is_shared and dedup.find(call.row.fingerprint):
            raise FollowsOther
        can_wait = admission.gate in (Gate.WAIT, Gate.PAUSED)
        expected = max(admission.wait_seconds, admission.expected_seconds)
        if not can_wait or not call.clock.can_wait(expected):
            why = f"{name_of(hop.model)} was not asked: {WHY_SKIPPED[admission.gate]}."
            if admission.gate is Gate.WAIT and not call.is_interactive:
                raise DeadlineExceeded(why)
            raise HopSkipped(
                why,
                reason=admission.gate,
                retry_after_seconds=expected,
            )
        call.clock.wait(admission.wait_seconds)
