"""An account of sums per minute, model and tier against the ledger: by the sums of connected minutes.

An attempt may be counted in any minute from its opening to its end, so the minutes that one attempt touches belong together,
and only the sum over minutes so connected can be compared. What that leaves over belongs to their one unsure attempt; between
several it cannot be told apart.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from triage.exceptions import ModelNotPriced
from triage.models import Certainty
from triage.services.gateway.accounts import NOTHING, Account, minute_of
from triage.services.gateway.reconciling.ledger import Line
from triage.services.gateway.reconciling.prices import (
    card_from,
    counts,
    in_words,
    less,
    summed,
)
from triage.services.gateway.reconciling.tally import Tally
from triage.types import Usage, usd

Key = tuple[str, bool]  # the model, and whether in a batch


@dataclass(slots=True)
class Segment:
    """Connected minutes of one model and tier, from `first` to `last`, and the attempts in them."""

    key: Key
    first: datetime
    last: datetime
    lines: list[Line] = field(default_factory=list)


class ByMinute:
    """Matches `account` to the attempts it is given, in order of time; verdicts go to `tally`."""

    def __init__(self, account: Account, tally: Tally, *, covered_until: datetime) -> None:
        self._tally = tally
        self._covered_until = covered_until
        self._current: dict[Key, Segment] = {}
        self._billed: dict[Key, dict[datetime, Usage]] = defaultdict(dict)
        for entry in account.entries:
            if tally.span.has(entry.at):
                minutes = self._billed[entry.model, entry.is_batch]
                minutes[entry.at] = summed(minutes.get(entry.at, NOTHING), entry.usage)

    def take(self, lines: list[Line]) -> None:
        """The next attempts in order of time."""
        for line in lines:
            if line.certainty is not Certainty.NONE:
                self._take_line(line)
            elif self._tally.has(line):
                self._tally.known(line)
        self._tally.flush()

    def finish(self) -> None:
        """Judge what is left; minutes that no attempt touches were billed without a row."""
        for segment in self._current.values():
            self._settle(segment)
        for key, minutes in self._billed.items():
            for at, usage in sorted(minutes.items()):
                if usage != NOTHING:
                    self._without_row(key, at, usage)
        self._tally.flush()

    def _take_line(self, line: Line) -> None:
        key = (line.model, line.is_batch)
        first, last = minute_of(line.earliest), minute_of(line.latest)
        segment = self._current.get(key)
        if segment and first > segment.last:
            self._settle(segment)
            segment = None
        if segment is None:
            segment = self._current[key] = Segment(key, first, last)
        segment.last = max(segment.last, last)
        segment.lines.append(line)

    def _settle(self, segment: Segment) -> None:
        """Compare one segment, as far as it lies in the span."""
        tally = self._tally
        if not any(self._is_touched(line) for line in segment.lines):
            return
        inside, edge, unsure = self._sorted(segment)
        rest = less(self._taken(segment), summed(*(line.usage for line in inside)))
        cost = self._cost(segment, rest)
        tally.billed(sum(line.cost_nanousd for line in inside) + cost)
        for line in inside:
            tally.known(line)
        for line in edge:
            tally.may_count(line)
        if edge or any(self._is_early(line) for line in unsure) or len(unsure) > 1:
            self._judge_bracket(segment, rest, cost, edge, unsure)
        elif unsure:
            self._judge_one(segment, rest, unsure[0])
        elif rest != NOTHING:
            self._differs(segment, rest)

    def _sorted(self, segment: Segment) -> tuple[list[Line], list[Line], list[Line]]:
        """Known attempts that must be counted in the span, known ones that may be counted outside it, and the rest."""
        inside, edge, unsure = [], [], []
        for line in filter(self._is_touched, segment.lines):
            if line.is_unsure or line.is_early:
                unsure.append(line)
            elif self._is_inside(line):
                inside.append(line)
            else:
                edge.append(line)
        return inside, edge, unsure

    def _is_inside(self, line: Line) -> bool:
        span = self._tally.span
        return span.since <= minute_of(line.earliest) and minute_of(line.latest) < span.until

    def _is_touched(self, line: Line) -> bool:
        span = self._tally.span
        return line.earliest < span.until and minute_of(line.latest) >= span.since

    def _is_early(self, line: Line) -> bool:
        """Whoever owns it, or the account, may still say more; or it may be counted outside the span."""
        is_covered = line.ended_at <= self._covered_until and self._is_inside(line)
        return line.is_early or not is_covered

    def _taken(self, segment: Segment) -> Usage:
        """What was billed in the segment's minutes; it is not looked at again."""
        minutes = self._billed[segment.key]
        mine = [at for at in minutes if segment.first <= at <= segment.last]
        return summed(*(minutes.pop(at) for at in mine))

    def _judge_one(self, segment: Segment, rest: Usage, line: Line) -> None:
        """All that is left over, or nothing, is the one unsure attempt's."""
        cost = self._cost(segment, rest)
        is_possible = min(counts(rest)) >= 0 and line.lowest_nanousd <= cost <= line.highest_nanousd
        if rest == NOTHING and not line.lowest_nanousd:
            self._tally.nothing(line)
        elif is_possible:
            self._tally.found(line, rest, cost)
        else:
            self._tally.stays_unsure(line)
            self._differs(segment, rest)

    def _judge_bracket(
        self, segment: Segment, rest: Usage, cost: int, edge: list[Line], unsure: list[Line]
    ) -> None:
        """Several attempts share what is left over. Nothing left: none was billed. Else it must lie within their bounds."""
        is_settled = not edge and not any(map(self._is_early, unsure))
        if rest == NOTHING and is_settled and not any(line.lowest_nanousd for line in unsure):
            for line in unsure:
                self._tally.nothing(line)
            return
        for line in unsure:
            is_inside = self._is_inside(line)
            (self._tally.stays_unsure if is_inside else self._tally.may_count)(line)
        low = sum(line.lowest_nanousd for line in unsure if self._is_inside(line))
        high = sum(line.highest_nanousd for line in [*edge, *unsure])
        if min(counts(rest)) < 0 or not low <= cost <= high:
            self._differs(segment, rest)

    def _differs(self, segment: Segment, rest: Usage) -> None:
        first, last = segment.first, segment.last
        self._tally.differs(
            f"{_tier(segment.key)} from {first:%Y-%m-%d %H:%M} to {last:%H:%M} UTC: the account less the ledger is "
            f"{in_words(rest)} tokens, ${usd(self._cost(segment, rest)):.9f}"
        )

    def _without_row(self, key: Key, at: datetime, usage: Usage) -> None:
        cost = self._cost(Segment(key, at, at), usage)
        self._tally.billed(cost)
        self._tally.differs(
            f"billed without a row: {_tier(key)} in the minute {at:%Y-%m-%d %H:%M} UTC, {in_words(usage)} tokens, "
            f"${usd(cost):.9f}"
        )

    def _cost(self, segment: Segment, usage: Usage) -> int:
        """At the price of the segment's attempts; 0 where nobody knows one."""
        model, is_batch = segment.key
        unsure = [line for line in segment.lines if line.is_unsure]
        stamp = next((line.price for line in [*unsure, *segment.lines]), {})
        try:
            return card_from(stamp, model, is_batch=is_batch).cost_nanousd(usage)
        except ModelNotPriced:
            return 0


def _tier(key: Key) -> str:
    return f"{key[0]} in batches" if key[1] else key[0]
