"""How often somebody looked. "95 % confidence" is a promise of one evaluation: of twenty that test what does not hold, about one
passes by luck. So the gate says whether a proof was the first look or the fourth; it forbids nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.models import Evaluation, EvaluationState
from triage.services import taxonomy
from triage.services.classification.prompt import guide_version
from triage.services.evaluation.gate_fitting import HOLDS_FOR

Kind = tuple[str, str, str, str, bool]  # guide, first and strong model, source, is simulated


@dataclass(frozen=True, slots=True)
class Look:
    """An evaluation that is done, with what each of its configurations looked at."""

    evaluation_id: int
    finished_at: datetime
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Looks:
    """All that a proof that may still hold was not the first of, oldest first."""

    found: tuple[Look, ...]

    def number_of(self, evaluation_id: int, place: int) -> int:
        """1 where this configuration of the evaluation was the first look at the same in HOLDS_FOR, 2 for the second, and so on.

        Each configuration looks, so B is the second where it looks at the same as A. The same are the labels as Claude reads
        them, the models, the source, and who answered: the simulator or Claude.
        """
        places = (n for n, each in enumerate(self.found) if each.evaluation_id == evaluation_id)
        at = next(places, None)
        if at is None:
            return 1
        mine = self.found[at]
        beside = mine.kinds[:place].count(mine.kinds[place])
        before = sum(
            each.kinds.count(mine.kinds[place])
            for each in self.found[:at]
            if mine.finished_at - each.finished_at <= HOLDS_FOR
        )
        return 1 + beside + before


def looks_until(now: datetime) -> Looks:
    """One query."""
    done = Evaluation.objects.filter(
        state=EvaluationState.DONE, finished_at__gte=now - 2 * HOLDS_FOR
    )
    values = done.order_by("finished_at", "pk").values_list(
        "pk", "finished_at", "configurations", "source", "results__is_simulated"
    )
    return Looks(
        tuple(
            Look(pk, finished_at, tuple(_kinds(configurations, source, bool(is_simulated))))
            for pk, finished_at, configurations, source, is_simulated in values
            if finished_at
        )
    )


def ordinal(number: int) -> str:
    """Such as "2nd" or "11th"."""
    is_teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _kinds(
    configurations: list[Mapping[str, Any]], source: str, is_simulated: bool
) -> Iterator[Kind]:
    for kept in configurations:
        guide = guide_version(taxonomy.load(kept["taxonomy_version_id"]))
        yield guide, kept["first_model"], kept["strong_model"], source, is_simulated
