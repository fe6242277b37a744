"""One attempt: its hold and its row are committed before the request leaves, and it is settled with what came back."""

import json
from dataclasses import dataclass
from time import monotonic
from typing import Any

from triage.exceptions import (
    AnswerCut,
    AnswerIncomplete,
    AnswerRefused,
    AnswerUnusable,
    AttemptFailed,
    CostCapReached,
)
from triage.models import Certainty
from triage.services.gateway import alarms, budgets, client, dedup, diagnostics, fleet, journal
from triage.services.gateway.budgets import HeldByOthers, Standing
from triage.services.gateway.calls import OpenCall, close_answered
from triage.services.gateway.journal import Outcome, durable
from triage.services.gateway.pricing import PriceCard
from triage.services.gateway.request import Reply
from triage.services.gateway.routes import Hop
from triage.services.gateway.shaping import shape
from triage.types import usd

SETTLE_SECONDS = 10.0  # beyond the attempt's own limit, before its lease ends unsettled
HOLD_WAIT_SECONDS = 15.0  # for others' holds to settle; theirs last no longer than an attempt
HOLD_POLL_SECONDS = 0.25
CUT_REASONS = {"max_tokens", "model_context_window_exceeded"}
BYTES_PER_TOKEN = 4  # for pacing alone; money goes by the upper bound


class FollowsOther(Exception):
    """An equal call is asking, or has asked: this one follows it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an attempt would send, and the most it can cost."""

    model: str
    body: dict[str, Any]
    price: PriceCard
    bound_nanousd: int
    size_bytes: int

    @property
    def estimated_tokens(self) -> tuple[int, int]:
        """Input and output, for the fleet's pace. The provider does not count `max_tokens` beforehand, so neither do we."""
        return self.size_bytes // BYTES_PER_TOKEN, 0


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt whose row is committed. `seconds` is how long it may take; `started` is monotonic.

    With `is_probe` the fleet waits for how it ends before it asks the model again.
    """

    id: int
    plan: Plan
    seconds: float
    started: float
    is_probe: bool

    @property
    def elapsed_ms(self) -> int:
        return round((monotonic() - self.started) * 1000)


def plan(call: OpenCall, hop: Hop) -> Plan:
    """The request as this hop's model needs it.

    Raises:
        CostCapReached: It might take the call above what its route allows.
    """
    body = shape(call.request, hop.model)
    price = call.prices[hop.model]
    size = len(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    bound = price.bound_nanousd(request_bytes=size, max_tokens=body["max_tokens"])
    if call.cost_nanousd + bound > call.route.max_cost_nanousd:
        raise CostCapReached(
            f"This call may cost ${usd(call.route.max_cost_nanousd):.4f} in all; it has used "
            f"${usd(call.cost_nanousd):.4f}, and asking {hop.model} could cost ${usd(bound):.4f} more."
        )
    # Added last, for it is no part of the prompt: equal requests hold equal bounds.
    body["diagnostics"] = diagnostics.of(call.row, model=hop.model)
    return Plan(hop.model, body, price, bound, size)


def open_attempt(call: OpenCall, plan: Plan, *, is_probe: bool) -> OpenAttempt:
    """Hold the attempt's bound in every budget, write its row (and the call's, and its claim, at the first), commit.

    While only others' open holds are in the way it waits for them.

    Raises:
        FollowsOther: An equal call has the claim. The call's row is written.
        BudgetExceeded: Some budget has no room; nothing is written or held.
        DeadlineExceeded: The call's time ran out while waiting.
    """
    waited = 0.0
    while True:
        seconds = min(call.route.attempt_seconds, call.clock.remaining_seconds)
        try:
            attempt_id, standings = _insert(call, plan, seconds)
        except HeldByOthers as held:
            if waited >= HOLD_WAIT_SECONDS:
                raise budgets.exceeded(
                    held.standing,
                    bound_nanousd=plan.bound_nanousd,
                    retry_after_seconds=budgets.HELD_RETRY_SECONDS,
                ) from None
            call.clock.wait(HOLD_POLL_SECONDS)
            waited += HOLD_POLL_SECONDS
            continue
        alarms.note_standings(standings)
        return OpenAttempt(attempt_id, plan, seconds, monotonic(), is_probe)


def _insert(call: OpenCall, plan: Plan, seconds: float) -> tuple[int, list[Standing]]:
    attempt: tuple[int, list[Standing]] | None = None
    with durable() as cursor:
        call_id = call.id or journal.insert_call(cursor, call.row)
        has_claim = (
            not call.is_shared
            or call.is_owner
            or dedup.claim(cursor, call.row.fingerprint, owner=call_id, reuse=call.reuse)
        )
        if has_claim:
            attempt_id, opened_at = journal.open_attempt(
                cursor,
                call_id=call_id,
                number=call.tries + 1,
                model=plan.model,
                bound_nanousd=plan.bound_nanousd,
                price=plan.price.stamp_json,
                lease_seconds=seconds + SETTLE_SECONDS,
            )
            standings = budgets.check(
                cursor,
                feature=call.row.feature,
                by_id=call.row.by_id,
                at=opened_at,
                bound_nanousd=plan.bound_nanousd,
            )
            attempt = attempt_id, standings
    call.id = call_id
    if attempt is None:
        raise FollowsOther
    if call.is_shared and not call.is_owner:
        call.own()
    call.tries += 1
    return attempt


def settle_answered(
    call: OpenCall, attempt: OpenAttempt, outcome: Outcome, answer: client.Answer
) -> Reply:
    """The attempt's cost, the call's end and the stored reply, in one transaction; then the fleet is told."""
    with durable() as cursor:
        reply = close_answered(cursor, call, answer, cost_nanousd=outcome.cost_nanousd)
        journal.settle_attempt(cursor, attempt.id, outcome)
    diagnostics.remember(call.row, model=attempt.plan.model, message_id=answer.message_id)
    _report_success(attempt, outcome)
    return reply


def settle_unusable(call: OpenCall, attempt: OpenAttempt, outcome: Outcome) -> None:
    """The model has answered and is paid, but the answer cannot be used; the caller closes the call."""
    settle(call, attempt, outcome)
    _report_success(attempt, outcome)


def settle_failed(
    call: OpenCall, attempt: OpenAttempt, error: AttemptFailed, outcome: Outcome | None = None
) -> None:
    """The request failed. Nothing was billed, or nobody knows and the bound goes on counting, unless `outcome` knows better.

    The fleet is told, and the operator where that changes something.
    """
    outcome = outcome or _failed_outcome(attempt, error)
    settle(call, attempt, outcome)
    plan = attempt.plan
    change = fleet.report_failure(
        plan.model, error, estimated=plan.estimated_tokens, was_probe=attempt.is_probe
    )
    alarms.note_change(plan.model, change, error)


def settle(call: OpenCall, attempt: OpenAttempt, outcome: Outcome) -> None:
    """The hold becomes the cost, in a transaction of its own; the fleet is not told."""
    with durable() as cursor:
        journal.settle_attempt(cursor, attempt.id, outcome)
    call.cost_nanousd += outcome.cost_nanousd


def _report_success(attempt: OpenAttempt, outcome: Outcome) -> None:
    usage, plan = outcome.usage, attempt.plan
    change = fleet.report_success(
        plan.model,
        estimated=plan.estimated_tokens,
        used=(usage.input_tokens - usage.cache_read_tokens, usage.output_tokens),
        latency_ms=outcome.first_token_ms or outcome.latency_ms,
        rate_limits=outcome.rate_limits,
        was_probe=attempt.is_probe,
    )
    alarms.note_change(plan.model, change)


def _failed_outcome(attempt: OpenAttempt, error: AttemptFailed) -> Outcome:
    return Outcome(
        certainty=Certainty.UNKNOWN if error.may_be_billed else Certainty.NONE,
        cost_nanousd=attempt.plan.bound_nanousd if error.may_be_billed else 0,
        latency_ms=attempt.elapsed_ms,
        http_status=error.http_status,
        error=error.code,
        error_text=str(error),
        request_id=error.request_id,
        rate_limits=error.rate_limits,
    )


def fault_of(stop_reason: str) -> AnswerUnusable | None:
    """Why an answer that arrived and is paid for cannot be used, if so."""
    if stop_reason == "refusal":
        return AnswerRefused("Claude declined to answer this.")
    if stop_reason in CUT_REASONS:
        return AnswerCut("Claude's answer was cut off at its length limit.")
    if not stop_reason:
        return AnswerIncomplete("Claude's answer broke off.")
    return None
