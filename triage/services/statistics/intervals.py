"""Exact bounds of a share, and how many tickets it takes to prove one.

Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413. Wilson's interval, for pages that only describe, is
`triage.selectors.intervals.Share.interval`.
"""

from bisect import bisect_left
from math import ceil, log

from scipy.special import bdtr, betaincinv

from triage.selectors.intervals import Interval, Share
from triage.services.statistics.checking import check_between, check_count

CHANCE = 0.8  # a proof that succeeds four times in five is worth collecting labels for
MOST = 10_000_000  # tickets: nobody judges more


def at_most(errors: int, tickets: int, risk: float) -> float:
    """The chance of so few errors or fewer, if each ticket is wrong with chance `risk`."""
    check_count("errors", errors, of=tickets)
    return float(bdtr(errors, tickets, risk))


def upper_error(errors: int, tickets: int, d: float) -> float:
    """The true share of errors is at most this, but for a chance of `d`: BetaInv(1 - d; k + 1, m - k).

    For one threshold that was fixed before looking. Nothing judged proves nothing: 1.
    """
    check_count("errors", errors, of=tickets)
    check_between("d", d)
    if errors == tickets:
        return 1.0
    return float(betaincinv(errors + 1, tickets - errors, 1 - d))


def lower_error(errors: int, tickets: int, d: float) -> float:
    """The true share of errors is at least this, but for a chance of `d`: BetaInv(d; k, m - k + 1)."""
    check_count("errors", errors, of=tickets)
    check_between("d", d)
    if errors == 0:
        return 0.0
    return float(betaincinv(errors, tickets - errors + 1, d))


def exact(share: Share, *, d: float = 0.05) -> Interval:
    """Clopper and Pearson's interval, two-sided: the truth lies outside with a chance of at most `d`."""
    return Interval(
        lower_error(share.part, share.whole, d / 2),
        upper_error(share.part, share.whole, d / 2),
    )


def needed_without_error(target: float, d: float) -> int:
    """So many tickets without one error prove that at most a share `target` is wrong: (1 - a)^m <= d."""
    check_between("target", target)
    check_between("d", d)
    return ceil(log(d) / log(1 - target))


def needed_for(target: float, d: float, true: float, *, chance: float = CHANCE) -> int | None:
    """About how many tickets prove `target` with the given chance, if in truth a share `true` of them is wrong.

    None where none would do: the truth is no better than the target, or so near to it that more than MOST would be needed.
    """
    check_between("chance", chance)
    least = needed_without_error(target, d)
    if not 0 <= true < target:
        return None
    errors = 0
    while (tickets := _proves(errors, target, d, least)) < MOST:
        if at_most(errors, tickets, true) >= chance:
            return tickets
        errors = max(errors + 1, errors * 51 // 50)  # to 2 %, in few steps
    return None


def _proves(errors: int, target: float, d: float, least: int) -> int:
    """The fewest tickets of which so many may be wrong; MOST where that is not enough."""
    tickets = range(least + errors, MOST)
    found = bisect_left(tickets, True, key=lambda m: at_most(errors, m, target) <= d)
    return least + errors + found
