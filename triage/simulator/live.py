"""Sends an answer as a stream of events, as its fate has it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from triage.simulator import errors
from triage.simulator.bill import Outcome
from triage.simulator.exchange import Exchange
from triage.simulator.parts import Fault
from triage.simulator.preparing import Prepared
from triage.simulator.scenarios import Fate
from triage.simulator.streaming import (
    NOT_JSON,
    PING,
    STOP,
    Frame,
    content_frames,
    delta,
    error,
    opening,
)

PING_SECONDS = 5.0  # at most this long without a byte while content is awaited
ENDLESS_PING_SECONDS = 1.0
CONTENT = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


async def stream(exchange: Exchange, prepared: Prepared, fate: Fate) -> None:
    """The answer as events; who leaves pays the input and what was said so far."""
    await exchange.connection.start(200, exchange.begin(prepared, CONTENT))
    gone = asyncio.create_task(exchange.connection.wait_until_gone())
    try:
        await _Stream(exchange, prepared, fate, gone).run()
    finally:
        gone.cancel()


@dataclass(slots=True)
class _Stream:
    """A stream whose headers have left; `sent` are the output tokens that have, too."""

    exchange: Exchange
    prepared: Prepared
    fate: Fate
    gone: "asyncio.Task[None]"
    sent: int = 0

    async def run(self) -> None:
        await self._write(
            opening(
                self.exchange.row.message_id,
                self.exchange.ask.model,
                self.prepared.plan.tokens,
                self.exchange.diagnose(),
            )
        )
        await self._wait(self.exchange.simulator.latency_of(self.fate))
        await self._say(self._frames())
        if self.gone.done():
            await self._leave(Outcome.LEFT)
        else:
            await self._end()

    async def _wait(self, seconds: float) -> None:
        """Keep the connection alive, without content, for `seconds`."""
        step = min(seconds / 4, PING_SECONDS)
        waited = 0.0
        while waited < seconds and not self.gone.done():
            await self.exchange.simulator.pause(step)
            await self._write(PING)
            waited += step

    def _frames(self) -> Sequence[Frame]:
        """What is said before the fate strikes; where it strikes in between, all of it."""
        frames = list(content_frames(self.prepared.reply, self.exchange.ask.model))
        strikes_at = int(len(frames) * self.fate.fraction)
        ending = self.fate.ending
        if ending is Fault.PINGS:
            return ()
        if ending is Fault.MALFORMED:
            so_far = frames[strikes_at - 1].output_tokens if strikes_at else 0
            return [*frames[:strikes_at], Frame(NOT_JSON, so_far), *frames[strikes_at:]]
        return frames if ending is None or self._stops_only() else frames[:strikes_at]

    async def _say(self, frames: Sequence[Frame]) -> None:
        pace = self.exchange.simulator.pace
        for frame in frames:
            if self.gone.done():
                return
            self.sent = frame.output_tokens
            await self._write(frame.data)
            await self.exchange.simulator.pause(pace.word_seconds if frame.is_word else 0)

    async def _end(self) -> None:
        ending = self.fate.ending
        if ending is Fault.CUT:
            await self._leave(Outcome.CUT)
        elif ending is Fault.STALL:
            await self._hold(None)
        elif ending is Fault.PINGS:
            await self._hold(self.fate.end.number(ENDLESS_PING_SECONDS) if self.fate.end else None)
        elif ending is Fault.OVERLOAD_STREAM:
            self.exchange.settle(Outcome.BROKEN, self.prepared, output=self.sent)
            problem = error(errors.overloaded(), self.exchange.row.request_id)
            await self._write(problem, is_last=True)
        elif ending is Fault.NO_STOP and not self._stops_only():
            self.exchange.settle(Outcome.CUT, self.prepared, output=self.sent)
            await self._write(b"", is_last=True)
        else:
            self.exchange.settle(Outcome.ANSWERED, self.prepared)
            last = b"" if ending is Fault.NO_STOP else STOP
            await self._write(self._delta() + last, is_last=True)

    def _stops_only(self) -> bool:
        """Whether nothing but `message_stop` is to be left out."""
        end = self.fate.end
        return end is not None and end.fault is Fault.NO_STOP and not end.value

    def _delta(self) -> bytes:
        return delta(self.prepared.reply, self.prepared.spent)

    async def _leave(self, outcome: Outcome) -> None:
        """Deliver what was written and close without an end."""
        self.exchange.settle(outcome, self.prepared, output=self.sent)
        await self.exchange.connection.drop()

    async def _hold(self, ping_seconds: float | None) -> None:
        """Stay silent, or ping, until the client has gone."""
        self.exchange.settle(Outcome.STALLED, self.prepared, output=self.sent)
        while ping_seconds is not None and not self.gone.done():
            await self._write(PING)
            await asyncio.wait({self.gone}, timeout=ping_seconds)
        await self.exchange.hold()

    async def _write(self, data: bytes, *, is_last: bool = False) -> None:
        await self.exchange.connection.write(data, is_last=is_last)
