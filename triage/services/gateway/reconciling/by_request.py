"""An account that names its requests against the ledger: by id where the ledger has it, else by elimination.

Both sides are read in order of time, a chunk of attempts and the entries up to it; only what has not found its counterpart is
kept longer. So memory does not grow with the range.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from triage.models import Certainty
from triage.services.gateway.accounts import Account, Entry
from triage.services.gateway.reconciling import ledger
from triage.services.gateway.reconciling.ledger import CLOCKS_DIFFER, Line, line_key
from triage.services.gateway.reconciling.matching import Group, assign, groups
from triage.services.gateway.reconciling.prices import in_words
from triage.services.gateway.reconciling.tally import Tally
from triage.types import usd

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class ByRequest:
    """Matches `account` to the attempts it is given; verdicts go to `tally`."""

    def __init__(self, account: Account, tally: Tally, *, covered_until: datetime) -> None:
        self._tally = tally
        self._covered_until = covered_until
        self._coming = _within(account, tally)
        self._next: Entry | None = next(self._coming, None)
        self._lines: dict[str, Line] = {}  # by key, waiting for their entry
        self._entries: dict[str, Entry] = {}  # by key, waiting for their attempt
        self._loose: list[Line] = []  # unsure ones that nothing names
        self._strange: list[Entry] = []  # billed ones that no attempt names
        self._open: list[Entry] = []

    def take(self, lines: list[Line]) -> None:
        """The next attempts in order of time, and the account up to them."""
        for line in lines:
            self._take_line(line)
        self._advance(lines[-1].opened_at)

    def finish(self) -> None:
        """Read the account to its end and judge what is left."""
        self._advance(END_OF_TIME)

    def _take_line(self, line: Line) -> None:
        entry = self._entries.pop(line.key, None) if line.key else None
        if entry:
            self._compare(line, entry)
        elif line.key:
            self._lines[line.key] = line
        elif line.is_unsure or line.is_early:
            self._loose.append(line)
        else:
            self._lacking(line)

    def _advance(self, moment: datetime) -> None:
        """Take the entries up to `moment`, and judge what can have no counterpart after it."""
        while self._next and self._next.at < moment:
            self._take_entry(self._next)
            self._next = next(self._coming, None)
        for key in [key for key, line in self._lines.items() if line.latest < moment]:
            self._lacking(self._lines.pop(key))
        over = [k for k, entry in self._entries.items() if entry.at + CLOCKS_DIFFER < moment]
        self._strange += [self._entries.pop(key) for key in over]
        self._eliminate(moment)
        self._tally.flush()

    def _take_entry(self, entry: Entry) -> None:
        if entry.is_open:
            self._open.append(entry)
            return
        key = line_key(entry.custom_id) if entry.custom_id else entry.request_id or ""
        line = self._lines.pop(key, None)
        if line:
            self._compare(line, entry)
        elif key in self._entries:
            self._tally.unexplained(entry)  # counted twice
        else:
            self._entries[key] = entry

    def _compare(self, line: Line, entry: Entry) -> None:
        """An attempt and the entry that carries its id."""
        tally, cost = self._tally, entry.cost_nanousd or 0
        if not tally.has(line):
            return
        tally.billed(cost)
        if line.is_early:
            tally.stays_unsure(line)
        elif line.is_unsure and line.lowest_nanousd <= cost <= line.highest_nanousd:
            tally.found(line, entry.usage, cost, entry.request_id or "")
        elif line.is_unsure:
            tally.stays_unsure(line)
            tally.differs(
                f"{_name(line)} can have cost ${usd(line.lowest_nanousd):.9f} to ${usd(line.highest_nanousd):.9f}, "
                f"the account says ${usd(cost):.9f}"
            )
        else:
            tally.known(line)
            if difference := _difference(line, entry):
                tally.differs(f"{_name(line)}: {difference}")

    def _lacking(self, line: Line) -> None:
        """An attempt that carries an id, or whose cost is known, and that the account does not have."""
        tally = self._tally
        if not tally.has(line):
            return
        if line.is_free:
            tally.known(line)
        elif line.is_early or line.latest > tally.span.read_to or self._is_at_work(line):
            tally.stays_unsure(line)
        elif line.certainty is Certainty.UNKNOWN:
            tally.nothing(line)
        else:
            tally.known(line) if not line.is_unsure else tally.stays_unsure(line)
            tally.differs(f"{_name(line)}, ${usd(line.cost_nanousd):.9f}, is not on the account")

    def _eliminate(self, moment: datetime) -> None:
        """Unsure attempts and strange entries, judged as soon as nothing more can compete for them."""
        found = list(groups(self._loose, self._strange))
        self._loose, self._strange = [], []
        for group in found:
            if group.ends + CLOCKS_DIFFER >= moment:
                self._loose += group.lines
                self._strange += group.entries
            elif any(line.is_early or self._is_at_work(line) for line in group.lines):
                self._put_off(group)
            else:
                self._judge(group)

    def _judge(self, group: Group) -> None:
        given = assign(group.lines, group.entries)
        taken = {line: entry for entry, line in given.items()}
        for index, line in enumerate(group.lines):
            if index in taken:
                self._compare(line, group.entries[taken[index]])
            else:
                self._lacking(line)
        for index, entry in enumerate(group.entries):
            if index not in given and not self._is_elsewhere(entry):
                self._tally.unexplained(entry)

    def _put_off(self, group: Group) -> None:
        """Somebody may still settle one of these, so none is judged now; the sums name both sides."""
        for line in group.lines:
            self._tally.stays_unsure(line)
        for entry in group.entries:
            if self._tally.span.has(entry.at):
                self._tally.billed(entry.cost_nanousd or 0)

    def _is_at_work(self, line: Line) -> bool:
        """The account may still get an entry for it."""
        return line.ended_at > self._covered_until or any(
            line.earliest <= entry.at <= line.latest
            for entry in self._open
            if entry.is_batch == line.is_batch
        )

    def _is_elsewhere(self, entry: Entry) -> bool:
        """The line of a batch whose attempt was opened outside of what was read."""
        return entry.custom_id is not None and ledger.has_batch_line(entry.custom_id)


def _within(account: Account, tally: Tally) -> Iterator[Entry]:
    span = tally.span
    return (entry for entry in account.entries if span.read_from <= entry.at < span.read_to)


def _difference(line: Line, entry: Entry) -> str:
    if line.model != entry.model:
        return f"the ledger says {line.model}, the account {entry.model}"
    if line.usage != entry.usage:
        return f"the ledger has {in_words(line.usage)} tokens, the account {in_words(entry.usage)}"
    if entry.cost_nanousd is not None and line.cost_nanousd != entry.cost_nanousd:
        ours, theirs = usd(line.cost_nanousd), usd(entry.cost_nanousd)
        return f"the ledger has ${ours:.9f}, the account ${theirs:.9f}"
    return ""


def _name(line: Line) -> str:
    named = f" ({line.request_id})" if line.request_id else ""
    return f"attempt {line.id}{named} of {line.opened_at:%Y-%m-%d %H:%M:%S} UTC"
