"""A challenger in shadow: what it would have said to tickets that triage has sorted, beside what stands and beside the champion.

It shadows for a day at least. Then each test is made once, as soon as there are SHADOW_TICKETS; after a week by what there is,
unless a challenger before it was held back beside this champion: then it waits for as many, or for a person.

What stands is no truth where a Claude model gave the label, but both are held against the same. Where the champion answers some
alone, Claude labels the harder ones: how much a challenger would break is then counted on tickets drawn at random only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from triage.services.statistics.intervals import lower_error
from triage.services.statistics.mcnemar import Paired, p_value, pair
from triage.services.statistics.thresholds import Promise

SHADOW_TICKETS = 30  # of those that count as answered
SIGNIFICANT = 0.05
EARLY = timedelta(hours=4)  # a night that begins so much early is still the next one
DAY = timedelta(days=1) - EARLY
WEEK = timedelta(weeks=1) - EARLY


class Outcome(StrEnum):
    GOES_ON = "goes on"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A ticket that triage has sorted, with what the two local models name, and whether each may answer that alone.

    Args:
        stands: The label of an audit, or else of a run of Claude's, as a person corrected it if one did; else "". A correction of
            a local answer is none: the right ones stay silent.
        is_drawn: Chance alone chose it to be labelled: for an audit, or to be asked of Claude although the champion was sure.
    """

    stands: str
    challenger: str
    champion: str
    is_alone: bool
    is_champion_alone: bool
    is_drawn: bool = False


@dataclass(frozen=True, slots=True)
class Shadow:
    """How a shadow stands; `since` and `at`, when it was last looked at, are ISO 8601, UTC.

    Args:
        tickets: All that were looked at; of these `alone` would have been answered by the challenger, without anybody.
        labelled: Those that Claude or an audit labelled: `only_challenger`, `only_champion`, `neither` named that label.
        answered: Of the labelled, those that the challenger would have answered alone; `wrong` of them otherwise than they stand.
            With `is_local_on` only those drawn at random.
        is_enough: There were as many tickets as the tests ask for.
        is_cut: There were more tickets; the newest were looked at.
        is_local_on: The champion answered some tickets alone meanwhile, so that Claude labelled the harder ones.
        is_after_failure: A challenger before it was held back beside this champion: without enough tickets it goes on.
        is_simulated: Those that a Claude model labelled got their label from the simulator.
        words: All that in sentences, with what came of it.
    """

    since: str
    outcome: Outcome = Outcome.GOES_ON
    at: str = ""
    tickets: int = 0
    alone: int = 0
    champion_alone: int = 0
    labelled: int = 0
    only_challenger: int = 0
    only_champion: int = 0
    neither: int = 0
    p_value: float = 1.0
    answered: int = 0
    wrong: int = 0
    is_enough: bool = False
    is_cut: bool = False
    is_simulated: bool = False
    is_local_on: bool = False
    is_after_failure: bool = False
    words: tuple[str, ...] = ()

    @property
    def began(self) -> datetime:
        return datetime.fromisoformat(self.since)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"words": list(self.words)}


def read(kept: Mapping[str, Any]) -> Shadow:
    """What `Shadow.as_json` has kept."""
    told = {"outcome": Outcome(kept["outcome"]), "words": tuple(kept["words"])}
    return Shadow(**{**kept, **told})


def judge(
    kept: Shadow, seen: Sequence[Seen], *, now: datetime, promise: Promise, has_thresholds: bool
) -> Shadow:
    """The verdict on a shadow that is at least a day old.

    Args:
        has_thresholds: It may answer alone at all. If not, all that Claude or an audit labelled are enough to judge it by.
    """
    found = _counted(kept, seen)
    have = found.answered if has_thresholds else found.labelled
    is_enough = have >= SHADOW_TICKETS
    against = [*_worse(found), *_contradicts(found, promise)]
    is_late = now - kept.began >= WEEK and not kept.is_after_failure
    outcome = _outcome(is_over=is_enough or is_late, is_failed=bool(against))
    found = replace(found, outcome=outcome, at=now.isoformat(), is_enough=is_enough)
    told = against if outcome is Outcome.FAILED else [_conclusion(found, have)]
    return replace(found, words=(*_figures(found), *told))


def _counted(kept: Shadow, seen: Sequence[Seen]) -> Shadow:
    labelled = [each for each in seen if each.stands]
    counting = [each for each in labelled if each.is_drawn or not kept.is_local_on]
    answered = [each for each in counting if each.is_alone]
    paired = _paired(labelled)
    return replace(
        kept,
        tickets=len(seen),
        alone=sum(each.is_alone for each in seen),
        champion_alone=sum(each.is_champion_alone for each in seen),
        labelled=paired.tickets,
        only_challenger=paired.only_first,
        only_champion=paired.only_second,
        neither=paired.neither,
        p_value=p_value(paired),
        answered=len(answered),
        wrong=sum(each.challenger != each.stands for each in answered),
    )


def _paired(labelled: Sequence[Seen]) -> Paired:
    if not labelled:
        return Paired(0, 0, 0, 0)
    return pair(
        [each.challenger == each.stands for each in labelled],
        [each.champion == each.stands for each in labelled],
    )


def _outcome(*, is_over: bool, is_failed: bool) -> Outcome:
    if not is_over:
        return Outcome.GOES_ON
    return Outcome.FAILED if is_failed else Outcome.PASSED


def _worse(found: Shadow) -> list[str]:
    if found.only_challenger >= found.only_champion or found.p_value > SIGNIFICANT:
        return []
    return [
        "Its shadow holds it back: chance does not explain that it is right less often than the champion"
        f" (p = {found.p_value:.3f})."
    ]


def _contradicts(found: Shadow, promise: Promise) -> list[str]:
    if not found.answered:
        return []
    least = lower_error(found.wrong, found.answered, promise.d)
    if least <= promise.target:
        return []
    return [
        f"Its shadow holds it back: of what it would have answered alone at least {100 * least:.1f} % stand otherwise, but for a"
        f" chance of {100 * promise.d:g} %; at most {100 * promise.target:g} % are promised."
    ]


def _figures(found: Shadow) -> list[str]:
    if not found.tickets:
        return []
    newest = " (the newest; there were more)" if found.is_cut else ""
    simulated = " (Claude’s labels are simulated)" if found.is_simulated else ""
    said = [
        f"In its shadow on {found.tickets:,} tickets{newest} it would have answered {_percent(found.alone, found.tickets)} alone,"
        f" the champion {_percent(found.champion_alone, found.tickets)}."
    ]
    if found.labelled:
        said.append(
            f"Of {found.labelled:,} that Claude or an audit has labelled{simulated} it alone names that label on"
            f" {found.only_challenger:,}, the champion alone on {found.only_champion:,}, neither on {found.neither:,}"
            f" (p = {found.p_value:.3f})."
        )
    if found.answered:
        drawn = " were drawn at random and" if found.is_local_on else ""
        said.append(
            f"Of {found.answered:,} of these that{drawn} it would have answered alone {found.wrong:,} stand otherwise."
        )
    return said


def _conclusion(found: Shadow, have: int) -> str:
    if found.is_enough:
        return "Nothing in its shadow speaks against it."
    drawn = ", drawn at random," if found.is_local_on else ""
    seen = f"{have:,} of {SHADOW_TICKETS} tickets{drawn} to judge it by"
    if found.outcome is Outcome.PASSED:
        return f"A week brought only {seen}: it passes on the release gate alone."
    if found.is_after_failure:
        return (
            f"There are {seen}: the shadow goes on until there are enough, or a person promotes it, for it held back a challenger"
            " beside this champion before."
        )
    return f"There are {seen}: the shadow goes on until there are enough, a week at most."


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"
