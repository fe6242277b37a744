"""Whose word on a label may teach, and how much of it: mistakes and poison held back by the person they come from.

User by user rather than ticket by ticket: K. Lockhart et al., arXiv 2004.13152 (2020). A person is trusted by their agreement
with audits that others judged: the lower bound of a Beta posterior (uniform prior). What rests on one person who is not trusted
yet counts half until another person or a Claude model says the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from scipy.special import betaincinv

from triage.selectors.intervals import Share
from triage.services.statistics.duplicates import digest

TRUSTED_FROM = 0.8  # reached by 13 agreements without a disagreement
BOUND = 0.05
HALF = 0.5
SHARE_A_DAY = 0.02  # of a label's words, that one person alone may add in a day
SAME_TEXTS = 5  # by one person in a day
SAME_PAIRS = 20  # by one person in an hour


class Why(StrEnum):
    """Why somebody's word does not teach."""

    BURST_OF_TEXT = "the same text many times in a day by one person"
    BURST_OF_PAIR = "the same two labels many times in an hour by one person"
    TOO_MUCH = "more than one person may add to a label in a day"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A person's word on the label of one ticket, the newest there is.

    Args:
        before: The label that triage had named; "" for none.
        is_seconded: Another person, or a Claude model, has named the same label for this ticket.
    """

    ticket_id: int
    text: str
    label: str
    before: str
    by_id: int
    is_admin: bool
    at: datetime
    is_seconded: bool
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class Screened:
    """What may teach, in the order given, and how many were left out for what."""

    kept: tuple[Opinion, ...]
    left_out: Mapping[Why, int]


def trust(agreement: Share) -> float:
    """The share of audits that a person agrees with is at least this, but for a chance of BOUND."""
    wrong = agreement.whole - agreement.part
    return float(betaincinv(1 + agreement.part, 1 + wrong, BOUND))


def screen(opinions: Sequence[Opinion]) -> Screened:
    """Hold back bursts, then what is too much of one person."""
    left_out: Counter[Why] = Counter()
    kept = list(opinions)
    for why, keep in (
        (Why.BURST_OF_TEXT, lambda found: _without_bursts(found, _text_and_day, SAME_TEXTS)),
        (Why.BURST_OF_PAIR, lambda found: _without_bursts(found, _pair_and_hour, SAME_PAIRS)),
        (Why.TOO_MUCH, _capped),
    ):
        rest = keep(kept)
        left_out[why] = len(kept) - len(rest)
        kept = rest
    return Screened(tuple(kept), +left_out)


def weight_of(opinion: Opinion, agreements: Mapping[int, Share]) -> float:
    """How much it counts in training: 1, or HALF. Admins own the installation; a person without an audit is not trusted.

    Args:
        agreements: By person: how many of their words on audited tickets the audits, judged by others, confirm.
    """
    if opinion.is_seconded or opinion.is_admin:
        return 1.0
    return 1.0 if trust(agreements.get(opinion.by_id, Share(0, 0))) >= TRUSTED_FROM else HALF


def _without_bursts(
    opinions: Sequence[Opinion], key: Callable[[Opinion], Hashable], most: int
) -> list[Opinion]:
    """A burst is left out as a whole: nobody knows which of it was meant. What another stands behind stays."""
    alone = Counter(key(each) for each in opinions if not each.is_seconded)
    return [each for each in opinions if each.is_seconded or alone[key(each)] < most]


def _text_and_day(opinion: Opinion) -> Hashable:
    return opinion.by_id, digest(opinion.text), opinion.at.date()


def _pair_and_hour(opinion: Opinion) -> Hashable:
    hour = opinion.at.replace(minute=0, second=0, microsecond=0)
    return opinion.by_id, opinion.before, opinion.label, hour


def _capped(opinions: Iterable[Opinion]) -> list[Opinion]:
    """The first of each person, label and day up to SHARE_A_DAY of the label's words, and one at least.

    What another stands behind is not counted against anybody.
    """
    given = list(opinions)
    of_label = Counter(each.label for each in given)
    taken: dict[tuple[int, str, date], int] = defaultdict(int)
    kept: set[int] = set()
    for place in sorted(range(len(given)), key=lambda place: given[place].at):
        each = given[place]
        key = (each.by_id, each.label, each.at.date())
        if not each.is_seconded:
            taken[key] += 1
        if each.is_seconded or taken[key] <= max(1, int(SHARE_A_DAY * of_label[each.label])):
            kept.add(place)
    return [each for place, each in enumerate(given) if place in kept]
