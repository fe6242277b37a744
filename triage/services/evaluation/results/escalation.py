"""What asking the strong model brought: what it put right, what it spoilt, and at what price, by how sure the first model was."""

from collections.abc import Iterable, Sequence

from triage.selectors.track_record import BANDS
from triage.services.evaluation.cases import Case
from triage.services.evaluation.results.rule import is_first_right, is_strong_right
from triage.services.evaluation.results.shares import Json, counted
from triage.services.statistics.mcnemar import Paired, loss_at_most, pair

UNUSABLE = "no usable answer"


def told_of(cases: Sequence[Case]) -> Json:
    """Of the tickets that the rule escalated. `fixed`: first wrong and strong right; `broken`: the other way round.

    A ticket without a usable answer counts as wrong for whoever had none.
    """
    escalated = [case for case in cases if case.escalation]
    return {
        "escalated": len(escalated),
        "fixed": _fixed(escalated),
        "broken": _broken(escalated),
        "bands": list(_bands(escalated)),
    }


def _bands(escalated: Sequence[Case]) -> Iterable[Json]:
    without = [case for case in escalated if case.first is None]
    for low, high in BANDS:
        yield from _band(f"{low:.2f} to {high:.2f}", [c for c in escalated if _is_in(c, low, high)])
    yield from _band(UNUSABLE, without)


def _is_in(case: Case, low: float, high: float) -> bool:
    """The last band has its upper end."""
    if case.first is None:
        return False
    return low <= case.first.chance < high or case.first.chance == high == 1.0


def _band(words: str, cases: Sequence[Case]) -> Iterable[Json]:
    """None for a band without tickets."""
    if not cases:
        return
    paired = pair(list(map(is_first_right, cases)), list(map(is_strong_right, cases)))
    low, high = -loss_at_most(_swapped(paired)), loss_at_most(paired)
    cost, fixed = sum(case.strong.cost_nanousd for case in cases if case.strong), _fixed(cases)
    yield {
        "band": words,
        "tickets": len(cases),
        "fixed": fixed,
        "broken": _broken(cases),
        "rescue": counted(not is_first_right(c) and is_strong_right(c) for c in cases),
        "net": paired.loss,
        "net_low": low,
        "net_high": high,
        "cost_nanousd": cost,
        "cost_per_rescue_nanousd": round(cost / fixed) if fixed else None,
        "is_wasted": high <= 0,
    }


def _fixed(cases: Iterable[Case]) -> int:
    return sum(not is_first_right(case) and is_strong_right(case) for case in cases)


def _broken(cases: Iterable[Case]) -> int:
    return sum(is_first_right(case) and not is_strong_right(case) for case in cases)


def _swapped(paired: Paired) -> Paired:
    return Paired(paired.both, paired.only_second, paired.only_first, paired.neither)
