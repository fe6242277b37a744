"""Which entry belongs to which attempt, where no id says so: by model, time and cost.

One request is one entry at most. As many entries as possible are given to an attempt, earlier ones to earlier attempts; where
several could be meant the sum is the same whichever it is.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from triage.services.gateway.accounts import Entry
from triage.services.gateway.reconciling.ledger import Line


@dataclass(slots=True)
class Group:
    """Attempts and entries of one model that no gap in time separates; nothing outside can belong to them."""

    ends: datetime
    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def add(self, each: Line | Entry) -> None:
        self.ends = max(self.ends, _end(each))
        if isinstance(each, Line):
            self.lines.append(each)
        else:
            self.entries.append(each)


def groups(lines: Iterable[Line], entries: Iterable[Entry]) -> Iterator[Group]:
    """All of them, in groups that are as small as the gaps allow; each group in order of time."""
    everything: list[Line | Entry] = [*lines, *entries]
    everything.sort(key=lambda each: (each.model, _start(each)))
    for _, of_model in groupby(everything, key=lambda each: each.model):
        group: Group | None = None
        for each in of_model:
            if group is None or _start(each) > group.ends:
                if group:
                    yield group
                group = Group(_end(each))
            group.add(each)
        if group:
            yield group


def assign(lines: Sequence[Line], entries: Sequence[Entry]) -> dict[int, int]:
    """The index of the line that each entry, by its index, is given to. An entry without one fits no line that is left.

    A greatest possible matching, found by augmenting paths. Both come in order of time.
    """
    matching = _Matching(_fitting(lines, entries))
    for index in range(len(entries)):
        matching.add(index)
    return matching.line_of


def _fitting(lines: Sequence[Line], entries: Sequence[Entry]) -> list[list[int]]:
    """For each entry the lines that may be meant, those that can wait least first."""
    if not lines:
        return [[] for _ in entries]
    starts = [line.earliest for line in lines]
    longest = max(line.latest - line.earliest for line in lines)
    found = []
    for entry in entries:
        near = range(bisect_left(starts, entry.at - longest), bisect_right(starts, entry.at))
        fitting = [index for index in near if _can_be(lines[index], entry)]
        found.append(sorted(fitting, key=lambda index: lines[index].ended_at))
    return found


def _can_be(line: Line, entry: Entry) -> bool:
    is_time = line.earliest <= entry.at <= line.latest and not entry.custom_id
    return is_time and line.lowest_nanousd <= (entry.cost_nanousd or 0) <= line.highest_nanousd


@dataclass(slots=True)
class _Matching:
    """Which line each entry has, and which entry each line."""

    fitting: Sequence[Sequence[int]]
    line_of: dict[int, int] = field(default_factory=dict)
    entry_of: dict[int, int] = field(default_factory=dict)

    def add(self, start: int) -> None:
        """Give the entry `start` a line, where need be by moving others; if none can be freed it stays without."""
        reached_by: dict[int, int] = {}
        waiting = deque([start])
        while waiting:
            entry = waiting.popleft()
            for line in self.fitting[entry]:
                if line in reached_by:
                    continue
                reached_by[line] = entry
                if line not in self.entry_of:
                    self._hand_on(line, reached_by)
                    return
                waiting.append(self.entry_of[line])

    def _hand_on(self, free: int, reached_by: dict[int, int]) -> None:
        """Each entry on the path takes the line that it reached, and leaves its own to the one before it."""
        line: int | None = free
        while line is not None:
            entry = reached_by[line]
            left = self.line_of.get(entry)
            self.line_of[entry], self.entry_of[line] = line, entry
            line = left


def _start(each: Line | Entry) -> datetime:
    return each.earliest if isinstance(each, Line) else each.at


def _end(each: Line | Entry) -> datetime:
    return each.latest if isinstance(each, Line) else each.at
