"""An alarm that may be looked at after every audited ticket; the chance that it is ever false is at most d.

A bet against the promise: its wealth grows with errors and cannot be expected to grow while the promise holds, so that it
reaches 1 / d with a chance of at most d (J. Ville, 1939; the bet as in I. Waudby-Smith and A. Ramdas, JRSS B 86 (2024) 1-27, and
A. Podkopaev and A. Ramdas, ICLR 2022). One bet alone grows deaf: what it lost in good months it has to win back first. So every
EVERY tickets a new one starts, with a part of the stake that was put aside for it: the j-th has 1 / (j (j + 1)), all have 1.

Audits must be drawn at random from the automatic answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from triage.exceptions import InvalidInput
from triage.services.statistics.checking import check_between

EVERY = 100  # audited tickets from one bet to the next


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
