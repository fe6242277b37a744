"""ask(): one governed request to Claude. Price, rate, dedup, route, settle, reply, in this order."""

from accounts.models import User
from triage.exceptions import (
    AttemptFailed,
    DeadlineExceeded,
    GatewayError,
    RequestRejected,
    RouteExhausted,
)
from triage.models import Certainty, Feature, Obtained
from triage.services.gateway import client, dedup, journal, rates
from triage.services.gateway.attempts import (
    FollowsOther,
    OpenAttempt,
    fault_of,
    settle_answered,
    settle_failed,
    settle_unusable,
)
from triage.services.gateway.calls import OpenCall, build_call, close_failed, close_reused
from triage.services.gateway.journal import Outcome, durable
from triage.services.gateway.request import About, Reply, Request, Reuse
from triage.services.gateway.travel import along_the_route

# At the end of these features' routes an old stored reply, or else a canned one, is better than none; it is marked.
LAST_RESORTS = {Feature.DRAFT}


def ask(
    request: Request,
    *,
    feature: Feature,
    by: User,
    about: About,
    deadline_seconds: float | None = None,
    reuse: Reuse = Reuse.STORED,
    canned: str = "",
    model: str = "",
    most_nanousd: int | None = None,
) -> Reply:
    """The answer to `request`, from a stored reply, an equal call in flight, or the feature's route.

    Writes a call, and an attempt for every HTTP request, each committed on its own. Costs money unless reused.

    Args:
        by: Their rate counts, and their budgets; the user `system` is paced but never refused for its rate.
        deadline_seconds: Wall clock for everything, retries and fallbacks included; by default the route's.
        canned: What a draft says when nothing else is left, not even an old reply.
        model: Asked alone, in the place of the feature's route; for `evaluate`.
        most_nanousd: All tries together hold or cost no more than this, where the route allows more.

    Raises:
        InsideTransaction: The caller holds a transaction open.
        ModelNotPriced: A model on the route has no price; nothing was asked.
        RateExceeded, BudgetExceeded: A limit of ours; says when to come back. A stored reply is served all the same.
        CostCapReached: The tries together would cost more than the route allows.
        DeadlineExceeded, RouteExhausted: No answer; asking later may help.
        AnswerUnusable: Claude refused, or the answer is cut or incomplete. It was paid for.
        AttemptFailed: A failure that no other try or model would mend.
    """
    call = build_call(
        request,
        feature=feature,
        by=by,
        about=about,
        deadline_seconds=deadline_seconds,
        reuse=reuse,
        model=model,
        most_nanousd=most_nanousd,
    )
    with call.leases:
        try:
            check_rate(call, by=by)
            return find_stored(call) or _answer(call)
        except GatewayError as error:
            return end_without_answer(call, error, canned=canned)


def _answer(call: OpenCall) -> Reply:
    """Ask along the route; where an equal call is at it already, take its reply."""
    while True:
        try:
            return along_the_route(call, _ask_once)
        except FollowsOther:
            if reply := follow(call):
                return reply


def _ask_once(call: OpenCall, attempt: OpenAttempt) -> Reply:
    try:
        answer = client.send(attempt.plan.body, seconds=attempt.seconds)
    except AttemptFailed as error:
        settle_failed(call, attempt, error)
        raise
    outcome = Outcome(
        certainty=Certainty.KNOWN,
        cost_nanousd=attempt.plan.price.cost_nanousd(answer.usage),
        latency_ms=attempt.elapsed_ms,
        usage=answer.usage,
        http_status=200,
        stop_reason=answer.stop_reason,
        request_id=answer.request_id,
        rate_limits=answer.rate_limits,
        cache_miss_reason=answer.cache_miss_reason,
    )
    if fault := fault_of(answer.stop_reason):
        call.said = answer.text
        settle_unusable(call, attempt, outcome)
        raise fault
    return settle_answered(call, attempt, outcome, answer)


def check_rate(call: OpenCall, *, by: User) -> None:
    """Count an interactive call. Raises RateExceeded."""
    if call.is_interactive:
        rates.check(by)


def find_stored(call: OpenCall) -> Reply | None:
    """A stored reply from Redis, where the call may use one; what only the database has is found with the claim."""
    if call.reuse is not Reuse.STORED:
        return None
    stored = dedup.find_cached(call.row.fingerprint)
    return close_reused(call, stored, Obtained.STORED) if stored else None


def follow(call: OpenCall) -> Reply | None:
    """The reply of the equal call; None if it failed or died and this call now has its claim."""
    if not call.id:
        with durable() as cursor:
            call.id = journal.insert_call(cursor, call.row)
    stored, has_waited = dedup.await_reply(
        call.row.fingerprint, owner=call.id, reuse=call.reuse, clock=call.clock
    )
    if stored is None:
        call.own()
        call.hops = 0
        return None
    return close_reused(call, stored, Obtained.JOINED if has_waited else Obtained.STORED)


def end_without_answer(call: OpenCall, error: GatewayError, *, canned: str) -> Reply:
    """The end of the route: an old or a canned reply where the feature has one, else the call is closed and `error` raised."""
    is_outage = isinstance(error, RouteExhausted | DeadlineExceeded | AttemptFailed)
    if is_outage and call.row.feature in LAST_RESORTS and not isinstance(error, RequestRejected):
        if stored := dedup.find(call.row.fingerprint, is_stale_welcome=True):
            return close_reused(call, stored, Obtained.STALE)
        if canned:
            nobody = dedup.Stored(canned, call.route.model_asked, "", 0)
            return close_reused(call, nobody, Obtained.CANNED)
    close_failed(call, error)
    raise error
