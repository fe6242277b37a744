"""What was measured, as text: a line for each number, marked MEASURED or SIMULATED, then the plans with these inputs."""

from collections.abc import Iterator

from triage.services.evaluation.planning.ledger import Hits
from triage.services.evaluation.planning.measuring import Measured
from triage.services.evaluation.planning.outlook import Outlook
from triage.services.evaluation.planning.told import told as outlook_told
from triage.services.evaluation.results.shares import Json
from triage.types import usd

NOTHING = "not measured: too few answers"


def told(measured: Measured, outlook: Outlook) -> str:
    mark = "SIMULATED" if measured.is_simulated else "MEASURED"
    first, strong = outlook.models.first.name, outlook.models.strong.name
    lines = [
        f"| {name} | {value} | {mark if value != NOTHING else ''} |"
        for name, value in _lines(measured, first, strong)
    ]
    about = f"{mark} on {measured.tickets:,} labelled tickets; intervals are exact, at 95 %."
    spent = f"Spent: ${usd(measured.spent_nanousd):,.4f}."
    head = [about, spent, "", "| what | value | mark |", "|---|---|---|"]
    return "\n".join([*head, *lines, "", outlook_told(outlook)])


def _lines(measured: Measured, first: str, strong: str) -> Iterator[tuple[str, str]]:
    yield f"Right, {first} alone", _share(measured.first)
    yield f"Right, {strong} alone", _share(measured.strong)
    yield "Right, the cascade", _share(measured.cascade)
    yield f"Calibration error of {first}, 10 bins of equal mass", _points(measured.first_ece)
    yield f"Calibration error of {strong}", _points(measured.strong_ece)
    yield "Escalated", _share(measured.escalated)
    yield "Rescued of those", _rescued(measured)
    yield "Packing", measured.packing.words if measured.packing else NOTHING
    yield "Cost a ticket, the cascade in batches", _dollars(measured.batch_nanousd)
    yield "Cost a ticket, the cascade live", _dollars(measured.live_nanousd)
    yield f"Cost a ticket, {strong} alone in batches", _dollars(measured.strong_only_nanousd)
    yield "Guide read from the cache, live", _hits(measured.live_hits)
    yield "Guide read from the cache, in batches", _hits(measured.batch_hits)
    yield "Latency of the cascade, live", _latency(measured.latency)


def _share(share: Json) -> str:
    if not share["whole"]:
        return NOTHING
    rate = share["part"] / share["whole"]
    interval = f"{share['low']:.1%} to {share['high']:.1%}"
    return f"{share['part']:,} of {share['whole']:,}, {rate:.1%} ({interval})"


def _points(error: float | None) -> str:
    return NOTHING if error is None else f"{error:.3f}"


def _rescued(measured: Measured) -> str:
    """How often the strong model put right what the first had wrong, and how often it spoilt it."""
    told = measured.escalation
    if not told["escalated"]:
        return NOTHING
    rate = told["fixed"] / told["escalated"]
    return f"{told['fixed']:,} of {told['escalated']:,} put right ({rate:.1%}), {told['broken']:,} spoilt"


def _dollars(nanousd: int | None) -> str:
    return f"${usd(nanousd):.6f}" if nanousd else NOTHING


def _hits(hits: Hits | None) -> str:
    return f"{hits.share:.1%} of its tokens, {hits.requests:,} requests" if hits else NOTHING


def _latency(latency: Json | None) -> str:
    if not latency:
        return NOTHING
    return (
        f"p50 {latency['p50']:,} ms, p95 {latency['p95']:,} ms, of {latency['tickets']:,} tickets"
    )
