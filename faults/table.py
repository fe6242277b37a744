"""The table that people read, a row as soon as its case is over."""

from collections.abc import Sequence

from faults.account import Request
from faults.running import Run

OFFSETS_SHOWN = 8
WORDS_SHOWN = 130
HEAD = """\
| fault | the caller got | requests, and when (s) | seconds of its deadline | ledger and bill |
|---|---|---|---|---|"""


def row(run: Run, broken: Sequence[str]) -> str:
    """One line; what was promised and did not hold comes first."""
    deadline = run.case.deadline_seconds(run.timers)
    cells = [
        run.case.name,
        _words(run, broken),
        _offsets(run.account.requests),
        f"{run.seconds:.1f} of {deadline:g}",
        _money(run),
    ]
    return f"| {' | '.join(cells)} |"


def _words(run: Run, broken: Sequence[str]) -> str:
    said = " ".join(run.got.words.replace("|", "/").split())
    short = said if len(said) <= WORDS_SHOWN else f"{said[: WORDS_SHOWN - 1]}…"
    return f"**BROKEN: {'; '.join(broken)}.** {short}" if broken else short


def _offsets(requests: Sequence[Request]) -> str:
    shown = " ".join(f"{request.seconds:.1f}" for request in requests[:OFFSETS_SHOWN])
    more = " …" if len(requests) > OFFSETS_SHOWN else ""
    return f"{len(requests)}: {shown}{more}" if requests else "none"


def _money(run: Run) -> str:
    """The ledger as the case left it and, where something was unsure, after it was reconciled."""
    before = str(run.account)
    return before if run.account.is_sure else f"{before}; reconciled: {run.reconciled}"
