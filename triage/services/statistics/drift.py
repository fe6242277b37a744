"""An alarm that may be looked at after every audited ticket; the chance that it is ever false is at most d.

A bet against the promise: its wealth grows with errors and cannot be expected to grow while the promise holds, so that it
reaches 1 / d with a chance of at most d (J. Ville, 1939; the bet as in I. Waudby-Smith and A. Ramdas, JRSS B 86 (2024) 1-27, and
A. Podkopaev and A. Ramdas, ICLR 2022). One bet alone grows deaf: what it lost in good months it has to win back first. So every
EVERY tickets a new one starts, with a part of the stake that was put aside for it: the j-th has 1 / (j (j + 1)), all have 1.

Audits must be drawn at random from the automatic answers.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from triage.exceptions import InvalidInput
from triage.services.statistics.checking import check_between

EVERY = 100  # audited tickets from one bet to the next
ALL = "all"  # the name of a watch over all answers together
ALARM_D = 0.01  # of all watches together
FEARED = 2.5  # times the target: 5 % where 2 % are promised


@dataclass(frozen=True, slots=True)
class Watch:
    """What has been audited so far; plain numbers, to be kept and gone on with.

    Args:
        target: The share of errors that was promised.
        feared: The one to be found soon, above `target`: what is bet on.
        d: The chance of ever giving a false alarm.
        alarmed_at: The ticket, from 1 on, whose audit gave the alarm; it stays.
    """

    target: float
    feared: float
    d: float
    audited: int = 0
    wrong: int = 0
    staked: float = 0.5
    alarmed_at: int | None = None

    def __post_init__(self) -> None:
        check_between("target", self.target)
        check_between("d", self.d)
        if not self.target < self.feared < 1:
            raise InvalidInput("feared", f"{self.feared} is not between {self.target} and 1")

    @property
    def wealth(self) -> float:
        """Of a stake of 1: what the bets are worth, and what is still put aside for later ones."""
        return self.staked + 1 / (self._bets + 1)

    @property
    def _bets(self) -> int:
        return self.audited // EVERY + 1

    @property
    def anew(self) -> "Watch":
        """As it was before the first audit."""
        return Watch(self.target, self.feared, self.d)

    def after(self, is_wrong: bool) -> "Watch":
        """With one more audited ticket."""
        audited = self.audited + 1
        staked = self.staked * self._factor(is_wrong)
        if audited % EVERY == 0:
            number = audited // EVERY + 1
            staked += 1 / (number * (number + 1))
        seen = replace(self, audited=audited, wrong=self.wrong + bool(is_wrong), staked=staked)
        if seen.alarmed_at is None and seen.wealth >= 1 / self.d:
            return replace(seen, alarmed_at=audited)
        return seen

    def _factor(self, is_wrong: bool) -> float:
        """1 + g (e - a) with g = (p - a) / (a (1 - a)): its mean is 1 where the share of errors is `target` (a)."""
        if is_wrong:
            return self.feared / self.target
        return (1 - self.feared) / (1 - self.target)


def watch(audits: Iterable[bool], *, watching: Watch) -> Watch:
    """After several audits, in their order; each says whether the ticket was wrong."""
    for is_wrong in audits:
        watching = watching.after(is_wrong)
    return watching


@dataclass(frozen=True, slots=True)
class Watches:
    """Watches on one promise by name: over all answers together, say, and over each group of them.

    The chance that any of them ever gives a false alarm is at most d in total. Each has an even part of it, and the chance that
    one of several things happens is at most the sum of theirs (the union bound): whether an audit counts in several, whether
    groups err together, and how many audits each gets, is all the same. An alarm of a watch is false if what it looks at was
    wrong with a chance of at most `target` all the while; which watches an audit counts in must stand before it is judged.
    A watch that begins anew after an alarm has its part of d once more.
    """

    by_name: Mapping[str, Watch]

    @classmethod
    def begin(
        cls,
        names: Collection[str],
        *,
        target: float,
        feared: float | None = None,
        d: float = ALARM_D,
    ) -> "Watches":
        """One for each name, before the first audit. `d` is that of all together; feared are FEARED times `target`."""
        found = min(FEARED * target, (1 + target) / 2) if feared is None else feared
        return cls(dict.fromkeys(names, Watch(target, found, d / len(names))))

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Watches":
        """What `as_dict` gave; no watches where it is something else."""
        return cls({name: Watch(**each) for name, each in kept.get("by_name", {}).items()})

    @property
    def alarmed(self) -> tuple[str, ...]:
        return tuple(name for name, each in self.by_name.items() if each.alarmed_at)

    def after(self, is_wrong: bool, *, names: Collection[str]) -> "Watches":
        """With one more audited ticket in each of `names`."""
        seen = {name: self.by_name[name].after(is_wrong) for name in names}
        return Watches({**self.by_name, **seen})

    def anew(self, names: Iterable[str]) -> "Watches":
        """`names` begin anew; the others go on."""
        return Watches({**self.by_name, **{name: self.by_name[name].anew for name in names}})

    def as_dict(self) -> dict[str, Any]:
        return {"by_name": {name: asdict(each) for name, each in self.by_name.items()}}
