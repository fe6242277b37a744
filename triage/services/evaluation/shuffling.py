"""Whether labels go with texts at all: a model trained on one half must tell the other half better than chance.

Labels that were shuffled, as by a spreadsheet sorted in one column, would make every figure about Claude nonsense. Imports
scikit-learn, so only the `bulk` worker and commands import this.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

from triage.exceptions import InvalidInput
from triage.models import EvaluationTicket
from triage.services.evaluation.findings import NUMBERS_SHOWN, Finding
from triage.services.evaluation.reading import text_of
from triage.services.local import training
from triage.services.statistics.intervals import lower_error

TICKETS_FROM = 200
EACH_FROM = 10  # tickets of a label, of at least two labels
D = 0.05
CODE = "shuffled_labels"


def find_shuffled(tickets: Sequence[EvaluationTicket], *, seed: int) -> Finding | None:
    """A warning where a local model agrees with held-out labels no more than by chance; None elsewhere.

    Seconds for thousands of tickets. None too where there are too few to tell.
    """
    counts = Counter(each.label for each in tickets)
    frequent = [label for label, number in counts.items() if number >= EACH_FROM]
    if len(tickets) < TICKETS_FROM or len(frequent) < 2:
        return None
    pairs = _held_out(tickets, seed=seed)
    right = sum(said == truth for said, truth in pairs)
    chance = _chance(pairs)
    if not pairs or lower_error(right, len(pairs), D) > chance:
        return None
    text = (
        f"The labels look shuffled: a model trained on one half of the tickets tells {right:,} of {len(pairs):,} labels of the "
        f"other half, and {chance:.0%} would be right by chance. Check that each text stands beside its own label."
    )
    numbers = tuple(each.number for each in tickets[:NUMBERS_SHOWN])
    return Finding(CODE, text, len(tickets), numbers)


def _held_out(tickets: Sequence[EvaluationTicket], *, seed: int) -> list[tuple[str, str]]:
    """What a model of the other half says, beside the truth. Tickets that say the same stand in one half."""
    clusters = sorted({each.cluster for each in tickets})
    half = set(Random(seed).sample(clusters, len(clusters) // 2))
    ours = [each for each in tickets if each.cluster in half]
    others = [each for each in tickets if each.cluster not in half]
    return [*_told(ours, others), *_told(others, ours)]


def _told(
    learnt: Sequence[EvaluationTicket], asked: Sequence[EvaluationTicket]
) -> list[tuple[str, str]]:
    try:
        model = training.train([text_of(each) for each in learnt], [each.label for each in learnt])
    except InvalidInput:
        return []
    said = model.predict([text_of(each) for each in asked]).chosen
    return list(zip(said, [each.label for each in asked], strict=True))


def _chance(pairs: Sequence[tuple[str, str]]) -> float:
    """The agreement of two independent choices with these frequencies (J. Cohen, 1960)."""
    said, truths = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    return sum(number * truths[label] for label, number in said.items()) / max(1, len(pairs) ** 2)
