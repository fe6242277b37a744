"""ask(): one governed request to Claude. Price, dedup, route, settle, reply, in this order.

Limits: no rates, budgets, pace or breaker yet; they take their places before the attempt.
"""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.db.backends.utils import CursorWrapper

from accounts.models import User
from triage.exceptions import (
    AnswerCut,
    AnswerIncomplete,
    AnswerRefused,
    AttemptFailed,
    DeadlineExceeded,
    GatewayError,
    RouteExhausted,
)
from triage.models import Certainty, Feature, Obtained
from triage.services.gateway import client, dedup, journal, leases
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.journal import CallRow, Closing, Outcome, durable
from triage.services.gateway.pricing import PriceCard, card_of
from triage.services.gateway.request import About, Reply, Request, Reuse
from triage.services.gateway.routes import Clock, Hop, Route, backoff_seconds, route_of
from triage.services.gateway.shaping import shape

SETTLE_SECONDS = 10.0  # beyond the attempt's own limit, before its lease ends unsettled
CUT_REASONS = {"max_tokens", "model_context_window_exceeded"}


@dataclass(slots=True)
class OpenCall:
    """A call on its way: what it asks, by which route, and how far it has come."""

    id: int
    fingerprint: str
    request: Request
    route: Route
    prices: dict[str, PriceCard]
    clock: Clock
    reuse: Reuse
    tries: int = 0
    hops: int = 0


def ask(
    request: Request,
    *,
    feature: Feature,
    by: User,
    about: About,
    deadline_seconds: float | None = None,
    reuse: Reuse = Reuse.STORED,
) -> Reply:
    """The answer to `request`, from a stored reply, an equal call in flight, or the feature's route.

    Writes a call, and an attempt for every HTTP request, each committed on its own. Costs money unless reused.

    Args:
        deadline_seconds: Wall clock for everything, retries and fallbacks included; by default the route's.

    Raises:
        InsideTransaction: The caller holds a transaction open.
        ModelNotPriced: A model on the route has no price; nothing was asked.
        DeadlineExceeded, RouteExhausted: No answer; asking later may help.
        AnswerUnusable: Claude refused, or the answer is cut or incomplete. It was paid for.
        AttemptFailed: A failure that no other try or model would mend.
    """
    journal.check_outside_transaction()
    route = route_of(feature)
    clock = Clock(deadline_seconds or route.deadline_seconds)
    prices = {hop.model: card_of(hop.model) for hop in route.hops}
    row = CallRow(
        feature=feature,
        by_id=by.pk,
        about=about,
        fingerprint=fingerprint_of(request, shape(request, route.model_asked)),
        prompt_version=request.prompt_version,
        model_asked=route.model_asked,
    )
    if reuse is Reuse.STORED and (stored := dedup.find_cached(row.fingerprint)):
        with durable() as cursor:
            call_id = journal.insert_call(cursor, row)
            return _close_reused(cursor, call_id, stored, Obtained.STORED, clock)
    call_id, is_owner = _open(row, reuse=reuse)
    if not is_owner:
        reply = _follow(call_id, row.fingerprint, clock=clock)
        if reply:
            return reply
    return _lead(OpenCall(call_id, row.fingerprint, request, route, prices, clock, reuse))


def _open(row: CallRow, *, reuse: Reuse) -> tuple[int, bool]:
    """The call's row, and whether this call is the one to ask."""
    with durable() as cursor:
        call_id = journal.insert_call(cursor, row)
        is_owner = reuse is Reuse.NEVER or dedup.claim(
            cursor, row.fingerprint, owner=call_id, reuse=reuse
        )
    return call_id, is_owner


def _follow(call_id: int, fingerprint: str, *, clock: Clock) -> Reply | None:
    """The reply of the equal call; None if it failed or died and this call now has its claim."""
    try:
        stored, has_waited = dedup.await_reply(fingerprint, owner=call_id, clock=clock)
    except DeadlineExceeded as error:
        _close_failed(call_id, error, clock=clock)
        raise
    if stored is None:
        return None
    obtained = Obtained.JOINED if has_waited else Obtained.STORED
    with durable() as cursor:
        return _close_reused(cursor, call_id, stored, obtained, clock)


def _lead(call: OpenCall) -> Reply:
    """Ask along the route, with the dedup lease kept alive; on failure give the claim back."""
    is_shared = call.reuse is not Reuse.NEVER
    try:
        with leases.kept(call.id) if is_shared else nullcontext():
            return _along_the_route(call)
    except GatewayError as error:
        _close_failed(
            call.id, error, clock=call.clock, tries=call.tries, fingerprint=call.fingerprint
        )
        raise


def _along_the_route(call: OpenCall) -> Reply:
    last: AttemptFailed | None = None
    for hop in call.route.hops:
        call.hops += 1
        try:
            return _on_one_model(call, hop)
        except AttemptFailed as error:
            if error.permanent:
                raise
            last = error
        call.clock.check()
    raise RouteExhausted(f"No model could answer just now. The last said: {last}") from last


def _on_one_model(call: OpenCall, hop: Hop) -> Reply:
    """Try one model until it answers, its tries are used up, or waiting longer makes no sense."""
    for failures in range(1, hop.tries + 1):
        try:
            return _attempt(call, hop)
        except AttemptFailed as error:
            pause = backoff_seconds(
                failures=failures, retry_after_seconds=error.retry_after_seconds
            )
            is_last = failures == hop.tries or not call.clock.can_wait(pause)
            if error.permanent or error.leaves_model or is_last:
                raise
            call.clock.wait(pause)
    raise AssertionError("a hop has at least one try")


def _attempt(call: OpenCall, hop: Hop) -> Reply:
    """One HTTP request: its row is committed before it leaves, and settled with what came back."""
    body = shape(call.request, hop.model)
    price = call.prices[hop.model]
    seconds = min(call.route.attempt_seconds, call.clock.remaining_seconds)
    call.tries += 1
    with durable() as cursor:
        attempt_id = journal.open_attempt(
            cursor,
            call_id=call.id,
            number=call.tries,
            model=hop.model,
            bound_nanousd=(bound := _bound(body, price)),
            price=json.dumps(price.stamp()),
            lease_seconds=seconds + SETTLE_SECONDS,
        )
    started = monotonic()
    try:
        answer = client.send(body, seconds=seconds)
    except AttemptFailed as error:
        with durable() as cursor:
            journal.settle_attempt(cursor, attempt_id, _failed(error, bound, started))
        raise
    return _settle(call, attempt_id, answer, price, started)


def _settle(
    call: OpenCall, attempt_id: int, answer: client.Answer, price: PriceCard, started: float
) -> Reply:
    """The attempt's cost, the call's end and the stored reply, in one transaction."""
    outcome = Outcome(
        certainty=Certainty.KNOWN,
        cost_nanousd=price.cost_nanousd(answer.usage),
        latency_ms=_milliseconds_since(started),
        usage=answer.usage,
        http_status=200,
        stop_reason=answer.stop_reason,
        request_id=answer.request_id,
        rate_limits=answer.rate_limits,
    )
    fault = _fault_of(answer)
    with durable() as cursor:
        journal.settle_attempt(cursor, attempt_id, outcome)
        if fault is None:
            return _close_answered(cursor, call, answer, outcome.cost_nanousd)
    raise fault


def _fault_of(answer: client.Answer) -> GatewayError | None:
    """Why an answer that arrived cannot be used, if so."""
    if answer.stop_reason == "refusal":
        return AnswerRefused("Claude declined to answer this.")
    if answer.stop_reason in CUT_REASONS:
        return AnswerCut("Claude's answer was cut off at its length limit.")
    if not answer.stop_reason:
        return AnswerIncomplete("Claude's answer broke off.")
    return None


def _failed(error: AttemptFailed, bound_nanousd: int, started: float) -> Outcome:
    return Outcome(
        certainty=Certainty.UNKNOWN if error.may_be_billed else Certainty.NONE,
        cost_nanousd=bound_nanousd if error.may_be_billed else 0,
        latency_ms=_milliseconds_since(started),
        http_status=error.http_status,
        error=error.code,
        error_text=str(error),
        request_id=error.request_id,
        rate_limits=error.rate_limits,
    )


def _close_answered(
    cursor: CursorWrapper, call: OpenCall, answer: client.Answer, cost_nanousd: int
) -> Reply:
    closing = Closing(
        call_id=call.id,
        latency_ms=call.clock.elapsed_ms,
        tries=call.tries,
        obtained=_obtained(call),
        model_served=answer.model,
    )
    call_cost = journal.close_call(cursor, closing)
    if call.reuse is not Reuse.NEVER:
        kept = dedup.Stored(answer.text, call.route.model_asked, answer.model, call_cost)
        dedup.store(cursor, call.fingerprint, owner=call.id, reply=kept)
    return Reply(
        text=answer.text,
        model_asked=call.route.model_asked,
        model_served=answer.model,
        obtained=_obtained(call),
        tries=call.tries,
        cost_nanousd=call_cost,
        latency_ms=closing.latency_ms,
        call_id=call.id,
    )


def _close_reused(
    cursor: CursorWrapper, call_id: int, stored: dedup.Stored, obtained: Obtained, clock: Clock
) -> Reply:
    closing = Closing(
        call_id=call_id,
        latency_ms=clock.elapsed_ms,
        obtained=obtained,
        model_served=stored.model_served,
        saved_nanousd=stored.cost_nanousd,
    )
    journal.close_call(cursor, closing)
    return Reply(
        text=stored.text,
        model_asked=stored.model_asked,
        model_served=stored.model_served,
        obtained=obtained,
        tries=0,
        cost_nanousd=0,
        latency_ms=closing.latency_ms,
        call_id=call_id,
    )


def _close_failed(
    call_id: int, error: GatewayError, *, clock: Clock, tries: int = 0, fingerprint: str = ""
) -> None:
    closing = Closing(call_id=call_id, latency_ms=clock.elapsed_ms, tries=tries, error=error.code)
    with durable() as cursor:
        error.cost_nanousd = journal.close_call(cursor, closing)
        dedup.release(cursor, fingerprint, owner=call_id)


def _obtained(call: OpenCall) -> Obtained:
    if call.hops > 1:
        return Obtained.FALLBACK
    return Obtained.RETRY if call.tries > 1 else Obtained.FIRST


def _bound(body: dict[str, Any], price: PriceCard) -> int:
    size = len(json.dumps(body, ensure_ascii=False).encode())
    return price.bound_nanousd(request_bytes=size, max_tokens=body["max_tokens"])


def _milliseconds_since(started: float) -> int:
    return round((monotonic() - started) * 1000)
