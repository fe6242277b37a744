"""From the body of a creation to a batch that is being worked.

Shape, ids and number are checked at once; the requests themselves when they are worked.
"""

import asyncio
import re

from triage.simulator.batches.batch import Batch, Line
from triage.simulator.batches.work import work
from triage.simulator.errors import invalid
from triage.simulator.state import Simulator
from triage.simulator.wire import JsonObject

MAX_LINES = 100_000
MAX_BYTES = 256 * 1024 * 1024
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def create(simulator: Simulator, body: object, *, key: str) -> Batch:
    """A new batch, with a row on the bill for each line; its work begins at once.

    Raises:
        ApiError: 400 naming the field.
    """
    requests = read_requests(body)
    batch = Batch(
        key,
        simulator.bill,
        simulator.clock(),
        simulator.scenario.batch_seconds,
        f"{simulator.scenario.seed}/{simulator.batches.created}",
    )
    for custom_id, params in requests:
        row = simulator.bill.open(batch_id=batch.id, custom_id=custom_id)
        fate = simulator.scenario.draw_line(str(params.get("model", "")))
        batch.lines.append(Line(custom_id, params, row, fate))
    simulator.batches.add(batch)
    batch.task = asyncio.create_task(work(simulator, batch))
    return batch


def read_requests(body: object) -> list[tuple[str, JsonObject]]:
    """The custom id and the params of each line.

    Raises:
        ApiError: 400 for a malformed body, an id that is malformed or not unique, or the number.
    """
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list):
        raise invalid("requests: Field required")
    if not 1 <= len(requests) <= MAX_LINES:
        raise invalid(f"requests: a batch has 1 to {MAX_LINES} requests")
    seen: set[str] = set()
    return [_read_request(index, found, seen) for index, found in enumerate(requests)]


def _read_request(index: int, found: object, seen: set[str]) -> tuple[str, JsonObject]:
    path = f"requests.{index}"
    if not isinstance(found, dict):
        raise invalid(f"{path}: Input should be a valid dictionary")
    for name in found:
        if name not in ("custom_id", "params"):
            raise invalid(f"{path}.{name}: Extra inputs are not permitted")
    custom_id, params = found.get("custom_id"), found.get("params")
    if not isinstance(custom_id, str) or not CUSTOM_ID.fullmatch(custom_id):
        raise invalid(f"{path}.custom_id: String should match pattern '^{CUSTOM_ID.pattern}$'")
    if custom_id in seen:
        raise invalid(f"{path}.custom_id: {custom_id!r} is not unique in the batch")
    if not isinstance(params, dict):
        raise invalid(f"{path}.params: Field required")
    seen.add(custom_id)
    return custom_id, params
