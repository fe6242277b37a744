"""Sends an answer that is one body, as its fate has it."""

from triage.simulator.connection import Connection
from triage.simulator.parts import Fault
from triage.simulator.scenarios import Fate

HELD = frozenset({Fault.STALL, Fault.PINGS})


async def send_whole(
    connection: Connection, headers: dict[str, str], data: bytes, *, fate: Fate
) -> None:
    """Send `data` with a 200: whole, cut and reset, cut short as if whole, or the headers alone."""
    part = data[: int(len(data) * fate.fraction)]
    body = part if fate.ending is Fault.MALFORMED else data
    await connection.start(200, {**headers, "content-length": str(len(body))})
    if fate.ending is Fault.CUT:
        await connection.write(part)
        await connection.reset()
    elif fate.ending not in HELD:
        await connection.write(body, is_last=True)
