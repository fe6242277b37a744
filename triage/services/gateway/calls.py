"""A call on its way: how it begins, and how it ends: answered, reused or failed."""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from django.db.backends.utils import CursorWrapper

from accounts.models import User
from triage.exceptions import GatewayError
from triage.models import Feature, Obtained
from triage.services.gateway import client, dedup, journal, leases
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.journal import CallRow, Closing, durable
from triage.services.gateway.pricing import PriceCard, card_of
from triage.services.gateway.prompts import prompt_of
from triage.services.gateway.request import About, Reply, Request, Reuse
from triage.services.gateway.routes import Clock, Hop, Route, route_of
from triage.services.gateway.shaping import shape


@dataclass(slots=True)
class OpenCall:
    """A call on its way: what it asks, by which route, and how far it has come.

    `id` is 0 until its row is committed, with its first attempt or at its end. `cost_nanousd` is what its attempts have cost so
    far, the bounds of unknown ones included. `said` is the text of an answer that broke off or cannot be used. `leases` keeps its
    claim alive; the caller closes it.
    """

    row: CallRow
    request: Request
    route: Route
    prices: dict[str, PriceCard]
    clock: Clock
    reuse: Reuse
    is_interactive: bool
    id: int = 0
    is_owner: bool = False
    tries: int = 0
    hops: int = 0
    cost_nanousd: int = 0
    said: str = ""
    leases: ExitStack = field(default_factory=ExitStack)

    @property
    def is_shared(self) -> bool:
        """Whether equal calls wait for this one, and it for them."""
        return self.reuse is not Reuse.NEVER

    @property
    def obtained(self) -> Obtained:
        if self.hops > 1:
            return Obtained.FALLBACK
        return Obtained.RETRY if self.tries > 1 else Obtained.FIRST

    def own(self) -> None:
        """This call is the one that asks; its lease is kept from here on."""
        self.is_owner = True
        self.leases.enter_context(leases.kept(self.id))


def build_call(
    request: Request,
    *,
    feature: Feature,
    by: User,
    about: About,
    deadline_seconds: float | None,
    reuse: Reuse,
    model: str = "",
    most_nanousd: int | None = None,
) -> OpenCall:
    """A call that nothing is written of yet; its clock runs.

    Raises:
        InsideTransaction: The caller holds a transaction open.
        ModelNotPriced: A model on the route has no price.
    """
    journal.check_outside_transaction()
    route = _route(feature, model=model, most_nanousd=most_nanousd)
    row = CallRow(
        feature=feature,
        by_id=by.pk,
        about=about,
        fingerprint=fingerprint_of(request, shape(request, route.model_asked)),
        prompt_version=request.prompt_version,
        model_asked=route.model_asked,
        prompt=prompt_of(request),
    )
    return OpenCall(
        row=row,
        request=request,
        route=route,
        prices={hop.model: card_of(hop.model) for hop in route.hops},
        clock=Clock(deadline_seconds or route.deadline_seconds),
        reuse=reuse,
        is_interactive=by.pk != User.objects.system().pk,
    )


def _route(feature: Feature, *, model: str, most_nanousd: int | None) -> Route:
    """The feature's route, or `model` alone in its place; with `most_nanousd` it may cost no more than that."""
    route = route_of(feature)
    if model:
        route = replace(route, hops=(Hop(model, route.hops[0].tries),))
    if most_nanousd is not None:
        route = replace(route, max_cost_nanousd=min(most_nanousd, route.max_cost_nanousd))
    return route


def close_answered(
    cursor: CursorWrapper, call: OpenCall, answer: client.Answer, *, cost_nanousd: int
) -> Reply:
    """The call's end and the stored reply. `cost_nanousd` is that of the attempt that brought the answer."""
    total = call.cost_nanousd + cost_nanousd
    if call.is_shared:
        kept = dedup.Stored(answer.text, call.route.model_asked, answer.model, total)
        dedup.store(cursor, call.row.fingerprint, owner=call.id, reply=kept)
    closing = Closing(
        call_id=call.id,
        latency_ms=call.clock.elapsed_ms,
        cost_nanousd=total,
        tries=call.tries,
        obtained=call.obtained,
        model_served=answer.model,
        text=answer.text,
    )
    journal.close_call(cursor, closing)
    return _reply(call, closing)


def close_reused(call: OpenCall, stored: dedup.Stored, obtained: Obtained) -> Reply:
    """The call ends with a reply that another call paid for, or with a canned one; what it spent itself stays its cost."""
    with durable() as cursor:
        call.id = call.id or journal.insert_call(cursor, call.row)
        if call.is_owner:
            dedup.release(cursor, call.row.fingerprint, owner=call.id)
        closing = Closing(
            call_id=call.id,
            latency_ms=call.clock.elapsed_ms,
            cost_nanousd=call.cost_nanousd,
            tries=call.tries,
            obtained=obtained,
            model_served=stored.model_served,
            saved_nanousd=stored.cost_nanousd,
            text=stored.text,
        )
        journal.close_call(cursor, closing)
    return _reply(call, closing)


def close_failed(call: OpenCall, error: GatewayError) -> None:
    """The call ends without an answer; the claim is given back, and the error says what it cost."""
    error.cost_nanousd = call.cost_nanousd
    with durable() as cursor:
        call.id = call.id or journal.insert_call(cursor, call.row)
        if call.is_owner:
            dedup.release(cursor, call.row.fingerprint, owner=call.id)
        closing = Closing(
            call_id=call.id,
            latency_ms=call.clock.elapsed_ms,
            cost_nanousd=call.cost_nanousd,
            tries=call.tries,
            error=error.code,
            text=call.said,
        )
        journal.close_call(cursor, closing)


def _reply(call: OpenCall, closing: Closing) -> Reply:
    return Reply(
        text=closing.text,
        model_asked=call.route.model_asked,
        model_served=closing.model_served,
        obtained=closing.obtained or Obtained.FIRST,
        tries=closing.tries,
        cost_nanousd=closing.cost_nanousd,
        latency_ms=closing.latency_ms,
        call_id=call.id,
    )
