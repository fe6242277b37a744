"""Which promises a run broke. An empty list is what every case is for."""

import json
from collections.abc import Iterator
from itertools import pairwise

from faults.case import Asked, Ending
from faults.running import Run
from triage.exceptions import AttemptFailed
from triage.models import Attempt

LATE_SECONDS = 1.0
# A reply that the caller may take for a whole answer of Claude's.
WHOLE = {Ending.ANSWERED, Ending.FALLBACK, Ending.STALE}


def broken_promises(run: Run) -> list[str]:
    """Each broken promise in words."""
    return [
        *_outcome(run),
        *_time(run),
        *_text(run),
        *_requests(run),
        *run.account.problems(),
        *_reconciled(run),
    ]


def _outcome(run: Run) -> Iterator[str]:
    case, got = run.case, run.got
    if got.ending is not case.ending:
        yield f"the caller got {got.ending}, not {case.ending}"
    if case.code and got.code != case.code:
        yield f"the error is {got.code or 'none'}, not {case.code}"
    if case.alert and case.alert not in run.alerts:
        yield f"no alert {case.alert}"


def _time(run: Run) -> Iterator[str]:
    deadline = run.case.deadline_seconds(run.timers)
    if run.seconds > deadline + LATE_SECONDS:
        yield f"it ended after {run.seconds:.1f} s, {run.seconds - deadline:.1f} s past its deadline"
    if run.seconds < (least := run.case.least_seconds(run.timers)):
        yield f"the provider asked for {least:.0f} s, and the next request came earlier"


def _text(run: Run) -> Iterator[str]:
    """A whole answer is whole, and what a broken stream brought is there."""
    text, ending = run.got.text, run.got.ending
    if run.case.asked is Asked.TICKET:
        return
    if ending in WHOLE and not _is_whole(text, run.whole_text):
        yield "a truncated answer passed for a whole one"
    if ending in WHOLE - {Ending.STALE} and not run.account.requests[-1].is_whole:
        yield "the provider says that the answer was not whole"
    if ending is Ending.KEPT and not (text and run.whole_text.startswith(text)):
        yield "text was swallowed or changed"


def _is_whole(text: str, whole_draft: str) -> bool:
    """A draft is as in a calm hour; a label's JSON is all there."""
    if whole_draft:
        return text == whole_draft
    try:
        return "language_confidence" in json.loads(text)
    except ValueError:
        return False


def _requests(run: Run) -> Iterator[str]:
    most, seen = run.case.most_requests, len(run.account.requests)
    if seen > most:
        yield f"{seen} requests, at most {most} were allowed"
    for earlier, later in pairwise(run.account.attempts):
        if earlier.call_id == later.call_id and _was_final(earlier, later):
            yield f"attempt {later.number} asks again after {earlier.error or earlier.stop_reason}"


def _reconciled(run: Run) -> Iterator[str]:
    """Against an account that names requests nothing stays unsure."""
    yield from (f"reconcile: {difference}" for difference in run.differences)
    billed, (least, most) = run.account.billed_nanousd, run.reconciled.bracket_nanousd
    if not least == most == billed:
        yield f"reconciled, the ledger says {least} to {most} nano-dollars, the bill {billed}"


def _was_final(earlier: Attempt, later: Attempt) -> bool:
    """Whether asking `later` after `earlier` could not succeed: it was a fault of ours, or this model's last word."""
    if not earlier.error:
        return True
    kind = ERRORS[earlier.error]
    is_same_model = earlier.model == later.model
    return kind.permanent or (kind.leaves_model and is_same_model)


def _all_below(kind: type[AttemptFailed]) -> Iterator[type[AttemptFailed]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _all_below(below)


ERRORS = {kind.code: kind for kind in _all_below(AttemptFailed)}
