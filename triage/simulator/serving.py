"""How a checked request is served: faults first, then the answer, plain or streamed.

Every way out settles the request's row before the client can see the end of the answer.
"""

import asyncio
import json
from dataclasses import dataclass

from triage.simulator import errors
from triage.simulator.answers import compose
from triage.simulator.asking import Ask
from triage.simulator.bill import Bill, Outcome, Row
from triage.simulator.caching import CachePlan
from triage.simulator.connection import Connection
from triage.simulator.errors import ApiError
from triage.simulator.pricing import Tokens
from triage.simulator.reply import Reply, build_reply, message, with_output
from triage.simulator.scenarios import Fate, Fault
from triage.simulator.state import Simulator
from triage.simulator.streaming import PING, closing, content_frames, opening

RETRY_AFTER_SECONDS = 1
PING_SECONDS = 5.0  # at most this long without a byte while content is awaited


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the answer will be and what it costs once it is complete."""

    reply: Reply
    plan: CachePlan
    spent: Tokens
    latency_seconds: float
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Serving:
    """One request on its way to an answer."""

    simulator: Simulator
    bill: Bill
    row: Row
    ask: Ask
    connection: Connection

    async def run(self) -> None:
        """Serve the request as the scenario decides.

        Raises:
            ApiError: The scenario made it fail with an error status.
        """
        fate = self.simulator.scenario.draw(self.ask.model.id)
        if fate.ending is Fault.SILENCE:
            self.bill.settle(self.row, Outcome.SILENT)
            await self.connection.wait_until_gone()
        elif fate.ending is Fault.RESET:
            self.bill.settle(self.row, Outcome.RESET)
            await self.connection.reset()
        elif fate.ending in (None, Fault.CUT):
            await self._answer(fate)
        else:
            raise self._fault(fate.ending)

    def _fault(self, fault: Fault) -> ApiError:
        if fault is Fault.RATE_LIMIT:
            return errors.rate_limited(RETRY_AFTER_SECONDS)
        return errors.overloaded() if fault is Fault.OVERLOAD else errors.broken()

    async def _answer(self, fate: Fate) -> None:
        prepared = self._prepare(fate)
        if self.ask.body.get("stream"):
            await self._stream(prepared)
        else:
            await self._send_whole(prepared)

    def _prepare(self, fate: Fate) -> Prepared:
        body, model = self.ask.body, self.ask.model
        plan = self.simulator.cache.plan(body, model=model, key=self.ask.key, now=self.row.at)
        reply = build_reply(compose(body, model, is_fixed=fate.is_fixed), body, model)
        return Prepared(
            reply=reply,
            plan=plan,
            spent=with_output(plan.tokens, reply.output_tokens),
            latency_seconds=self.simulator.latency_of(fate),
            is_cut=fate.ending is Fault.CUT,
        )

    async def _send_whole(self, prepared: Prepared) -> None:
        """The answer as one JSON body; who leaves while waiting has it billed all the same."""
        await self.simulator.pause(prepared.latency_seconds)
        data = self._message(prepared)
        headers = self._begin(prepared, {"content-type": "application/json"})
        headers["content-length"] = str(len(data))
        if prepared.is_cut:
            await self._send_half(prepared, headers, data)
            return
        gone = await self.connection.is_gone()
        self._settle(Outcome.UNSEEN if gone else Outcome.ANSWERED, prepared.spent)
        await self.connection.start(200, headers)
        await self.connection.write(data, is_last=True)

    async def _send_half(self, prepared: Prepared, headers: dict[str, str], data: bytes) -> None:
        """Headers and half the body, then a reset; half the output is billed."""
        half = -(-prepared.reply.output_tokens // 2)
        self._settle(Outcome.CUT, with_output(prepared.spent, half))
        await self.connection.start(200, headers)
        await self.connection.write(data[: len(data) // 2])
        await self.connection.reset()

    def _message(self, prepared: Prepared) -> bytes:
        whole = message(
            prepared.reply,
            message_id=self.row.message_id,
            model=self.ask.model,
            spent=prepared.spent,
        )
        return json.dumps(whole, ensure_ascii=False).encode()

    async def _stream(self, prepared: Prepared) -> None:
        """The answer as events; who leaves pays the input and what was said so far."""
        content = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
        await self.connection.start(200, self._begin(prepared, content))
        gone = asyncio.create_task(self.connection.wait_until_gone())
        try:
            await self._write_events(prepared, gone)
        finally:
            gone.cancel()

    async def _write_events(self, prepared: Prepared, gone: "asyncio.Task[None]") -> None:
        await self.connection.write(
            opening(self.row.message_id, self.ask.model, prepared.plan.tokens)
        )
        await self._wait_with_pings(prepared.latency_seconds, gone)
        frames = list(content_frames(prepared.reply, self.ask.model))
        sent = 0
        for frame in frames[: len(frames) // 2] if prepared.is_cut else frames:
            if gone.done():
                break
            sent = frame.output_tokens
            await self.connection.write(frame.data)
            await self.simulator.pause(self.simulator.pace.word_seconds if frame.is_word else 0)
        await self._end_stream(prepared, sent, is_gone=gone.done())

    async def _end_stream(self, prepared: Prepared, sent: int, *, is_gone: bool) -> None:
        if is_gone or prepared.is_cut:
            outcome = Outcome.LEFT if is_gone else Outcome.CUT
            self._settle(outcome, with_output(prepared.spent, sent))
            await self.connection.drop()
            return
        self._settle(Outcome.ANSWERED, prepared.spent)
        await self.connection.write(closing(prepared.reply, prepared.spent), is_last=True)

    async def _wait_with_pings(self, seconds: float, gone: "asyncio.Task[None]") -> None:
        """Keep the connection alive, without content, for `seconds`."""
        step = min(seconds / 4, PING_SECONDS)
        waited = 0.0
        while waited < seconds and not gone.done():
            await self.simulator.pause(step)
            await self.connection.write(PING)
            waited += step

    def _begin(self, prepared: Prepared, headers: dict[str, str]) -> dict[str, str]:
        """The response begins: cache entries become readable. Returns the headers to send."""
        self.simulator.cache.begin(prepared.plan)
        limits = self.simulator.rates.take(
            self.ask.key, self.ask.model.id, tokens=prepared.spent, now=self.row.at
        )
        return {**headers, "request-id": self.row.request_id, **limits}

    def _settle(self, outcome: Outcome, spent: Tokens) -> None:
        self.bill.settle(self.row, outcome, status=200, model=self.ask.model, tokens=spent)
