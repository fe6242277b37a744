"""The HTTP of /v1/messages/batches: six calls, each under the faults written `NAME@batches`."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from triage.simulator import auth
from triage.simulator.batches.batch import Batch
from triage.simulator.batches.creating import MAX_BYTES, create
from triage.simulator.bill import new_request_id
from triage.simulator.connection import Connection
from triage.simulator.errors import ApiError, invalid, not_found
from triage.simulator.injected import check_error
from triage.simulator.paging import take_page
from triage.simulator.parts import BATCHES, Fault
from triage.simulator.scenarios import Fate
from triage.simulator.state import Simulator
from triage.simulator.whole import HELD, send_whole
from triage.simulator.wire import JsonObject

PATH = "/v1/messages/batches"
ONE = PATH + "/{batch_id}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call by the organisation `key`; `body` is that of a creation, otherwise None."""

    simulator: Simulator
    connection: Connection
    key: str
    body: object

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self.simulator.clock()

    def batch(self) -> Batch:
        """The batch the path names.

        Raises:
            ApiError: 404.
        """
        batch_id = self.connection.request.path_params["batch_id"]
        return self.simulator.batches.get(batch_id, key=self.key)

    def show(self, batch: Batch) -> JsonObject:
        """A batch as the client sees it."""
        return batch.as_json(str(self.connection.request.base_url), self.now)


@dataclass(frozen=True, slots=True)
class BatchEndpoint:
    """Authenticates a call, lets the scenario strike, and sends what `act` answers."""

    simulator: Simulator
    act: Callable[[Call], JsonObject | bytes]
    creates: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; it has no row on the bill, its lines have."""
        connection, request_id = Connection(scope, receive, send), new_request_id()
        try:
            await self._serve(connection, request_id)
        except ClientDisconnect:
            return
        except ApiError as error:
            await error.response(request_id)(scope, receive, send)

    async def _serve(self, connection: Connection, request_id: str) -> None:
        key = auth.check(connection.request.headers)
        body = await _read(connection, is_json=self.creates)
        fate = self.simulator.scenario.draw_call(creates=self.creates)
        check_error(fate.end, model=BATCHES)
        if fate.ending is Fault.SILENCE:
            await connection.wait_until_gone()
        elif fate.ending is Fault.RESET:
            await connection.reset()
        else:
            answer = self.act(Call(self.simulator, connection, key, body))
            await self._send(connection, answer, request_id, fate)

    async def _send(
        self, connection: Connection, answer: JsonObject | bytes, request_id: str, fate: Fate
    ) -> None:
        await self.simulator.pause(self.simulator.latency_of(fate))
        if fate.ending is Fault.BATCH_LOST:
            await connection.reset()
            return
        is_lines = isinstance(answer, bytes)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = "application/x-jsonl" if is_lines else "application/json"
        headers = {"content-type": kind, "request-id": request_id}
        await send_whole(connection, headers, data, fate=fate)
        if fate.ending in HELD:
            await connection.wait_until_gone()


def build_routes(simulator: Simulator) -> list[Route]:
    """The six routes."""
    return [
        Route(PATH, BatchEndpoint(simulator, _create, creates=True), methods=["POST"]),
        Route(PATH, BatchEndpoint(simulator, _list), methods=["GET"]),
        Route(ONE, BatchEndpoint(simulator, _retrieve), methods=["GET"]),
        Route(ONE, BatchEndpoint(simulator, _delete), methods=["DELETE"]),
        Route(ONE + "/cancel", BatchEndpoint(simulator, _cancel), methods=["POST"]),
        Route(ONE + "/results", BatchEndpoint(simulator, _results), methods=["GET"]),
    ]


async def _read(connection: Connection, *, is_json: bool) -> object:
    if is_json:
        return await connection.read_json(max_bytes=MAX_BYTES)
    await connection.request.body()
    return None


def _create(call: Call) -> JsonObject:
    return call.show(create(call.simulator, call.body, key=call.key))


def _list(call: Call) -> JsonObject:
    batches = [call.show(batch) for batch in call.simulator.batches.newest_first(call.key)]
    return take_page(batches, call.connection.request.query_params)


def _retrieve(call: Call) -> JsonObject:
    return call.show(call.batch())


def _cancel(call: Call) -> JsonObject:
    """The batch, canceling; it ends as soon as the lines at work are done."""
    batch = call.batch()
    if batch.ended_at is not None:
        raise invalid(f"message batch {batch.id} has already ended")
    if batch.cancel_initiated_at is None:
        batch.cancel_initiated_at = call.now
        batch.canceled.set()
    return call.show(batch)


def _delete(call: Call) -> JsonObject:
    batch = call.batch()
    if batch.ended_at is None:
        raise invalid(f"message batch {batch.id} has not ended; cancel it first")
    call.simulator.batches.remove(batch)
    return {"id": batch.id, "type": "message_batch_deleted"}


def _results(call: Call) -> bytes:
    batch = call.batch()
    if not batch.has_results(call.now):
        raise not_found(f"message batch {batch.id} has no results")
    return batch.results()
