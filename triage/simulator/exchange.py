"""One live request and everything it touches: its row, the cache, the limits, its connection."""

from dataclasses import dataclass

from triage.simulator.asking import Ask
from triage.simulator.bill import Bill, Outcome, Row
from triage.simulator.connection import Connection
from triage.simulator.preparing import Prepared
from triage.simulator.rates import Meter
from triage.simulator.state import Simulator
from triage.simulator.wire import JsonObject


@dataclass(frozen=True, slots=True)
class Exchange:
    """A checked request on its way to an answer."""

    simulator: Simulator
    bill: Bill
    row: Row
    ask: Ask
    connection: Connection

    def meter(self) -> Meter:
        """The limits this request counts towards, as they are at its arrival."""
        model = self.ask.model.id
        return self.simulator.rates.meter(
            self.ask.key,
            model,
            enforced=self.simulator.scenario.limits(model),
            now=self.row.at,
        )

    def begin(self, prepared: Prepared, headers: dict[str, str]) -> dict[str, str]:
        """The response begins: cache entries become readable. Returns the headers to send."""
        self.simulator.cache.begin(prepared.plan)
        self.simulator.prints.keep(
            self.ask.body, prepared.plan, key=self.ask.key, message_id=self.row.message_id
        )
        meter = self.meter()
        meter.add_output(prepared.reply.output_tokens)
        return {**headers, "request-id": self.row.request_id, **meter.headers()}

    def diagnose(self) -> JsonObject | None:
        """The `diagnostics` of an answer that has begun."""
        return self.simulator.prints.diagnose(
            self.ask.body, key=self.ask.key, message_id=self.row.message_id
        )

    def settle(self, outcome: Outcome, prepared: Prepared, *, output: int | None = None) -> None:
        """Close the row of a 200: billed with `output` tokens, all of them by default."""
        model = self.ask.model if prepared.is_charged else None
        tokens = prepared.charge(output)
        self.bill.settle(self.row, outcome, status=200, model=model, tokens=tokens)

    async def hold(self) -> None:
        """Leave a settled request open until the client has gone; that is its end."""
        self.row.ended_at = None
        await self.connection.wait_until_gone()
        self.row.ended_at = self.simulator.clock()
