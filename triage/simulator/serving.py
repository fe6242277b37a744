"""How a checked request is served: limits and faults first, then the answer, plain or streamed.

Every way out settles the request's row before the client can see the end of the answer.
"""

import json
import math
from dataclasses import replace

from triage.simulator.bill import Outcome
from triage.simulator.caching import CachePlan
from triage.simulator.errors import ApiError
from triage.simulator.exchange import Exchange
from triage.simulator.injected import check_error
from triage.simulator.live import stream
from triage.simulator.parts import Fault
from triage.simulator.preparing import Prepared, prepare
from triage.simulator.reply import message
from triage.simulator.scenarios import Fate
from triage.simulator.whole import HELD, send_whole


async def serve(exchange: Exchange) -> None:
    """Serve the request as the limits and the scenario decide.

    Raises:
        ApiError: A limit is used up, or the scenario made it fail with an error status.
    """
    simulator, ask = exchange.simulator, exchange.ask
    plan = simulator.cache.plan(ask.body, model=ask.model, key=ask.key, now=exchange.row.at)
    exchange.meter().admit(plan.tokens)
    fate = simulator.scenario.draw(ask.model.id)
    _check_error(exchange, fate)
    if fate.ending is Fault.SILENCE:
        exchange.bill.settle(exchange.row, Outcome.SILENT)
        await exchange.hold()
    elif fate.ending is Fault.RESET:
        exchange.bill.settle(exchange.row, Outcome.RESET)
        await exchange.connection.reset()
    else:
        await _answer(exchange, plan, fate)


def _check_error(exchange: Exchange, fate: Fate) -> None:
    """Raise the error of the scenario, with the headers that show the limits."""
    model = exchange.ask.model
    try:
        check_error(fate.end, model=model.id, context_tokens=model.abilities.context_tokens)
    except ApiError as error:
        headers = {**exchange.meter().headers(), **error.headers}
        raise replace(error, headers=headers) from None


async def _answer(exchange: Exchange, plan: CachePlan, fate: Fate) -> None:
    prepared = prepare(exchange.ask, plan, fate)
    if exchange.ask.body.get("stream"):
        await stream(exchange, prepared, fate)
    else:
        await _send_plain(exchange, prepared, fate)


async def _send_plain(exchange: Exchange, prepared: Prepared, fate: Fate) -> None:
    """The answer as one JSON body; who leaves while waiting has it billed all the same."""
    await exchange.simulator.pause(exchange.simulator.latency_of(fate))
    headers = exchange.begin(prepared, {"content-type": "application/json"})
    await _settle_plain(exchange, prepared, fate)
    await send_whole(exchange.connection, headers, _message(exchange, prepared), fate=fate)
    if fate.ending in HELD:
        await exchange.hold()


async def _settle_plain(exchange: Exchange, prepared: Prepared, fate: Fate) -> None:
    if fate.ending is Fault.CUT:
        output = math.ceil(prepared.reply.output_tokens * fate.fraction)
        exchange.settle(Outcome.CUT, prepared, output=output)
    elif fate.ending in HELD:
        exchange.settle(Outcome.STALLED, prepared)
    else:
        gone = await exchange.connection.is_gone()
        exchange.settle(Outcome.UNSEEN if gone else Outcome.ANSWERED, prepared)


def _message(exchange: Exchange, prepared: Prepared) -> bytes:
    whole = message(
        prepared.reply,
        message_id=exchange.row.message_id,
        model=exchange.ask.model,
        spent=prepared.spent,
        diagnostics=exchange.diagnose(),
    )
    return json.dumps(whole, ensure_ascii=False).encode()
