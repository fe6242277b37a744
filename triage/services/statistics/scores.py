"""How good labels were, against known ones: accuracy, coverage, and each label's own figures."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from triage.exceptions import InvalidInput
from triage.selectors.intervals import Share
from triage.services.statistics.checking import check_some


@dataclass(frozen=True, slots=True)
class Judgement:
    """One ticket's label as chosen, beside the one known to be right.

    `chosen` is "" where none was; that is never right. `is_automatic`: it would have been applied without a person.
    """

    truth: str
    chosen: str
    runner_up: str = ""
    is_automatic: bool = True

    @property
    def is_right(self) -> bool:
        return bool(self.chosen) and self.chosen == self.truth


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label: on how many tickets it was right to choose, was chosen, and both."""

    label: str
    known: int
    chosen: int
    right: int

    @property
    def recall(self) -> Share:
        return Share(self.right, self.known)

    @property
    def precision(self) -> Share:
        return Share(self.right, self.chosen)

    @property
    def f1(self) -> float:
        """2 · right / (known + chosen): the harmonic mean of precision and recall; 0 where it is neither known nor chosen."""
        both = self.known + self.chosen
        return 2 * self.right / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Scores:
    """All figures of one run. `top_2`: the known label was chosen or the runner-up. `errors`: of the automatic ones."""

    accuracy: Share
    top_2: Share
    coverage: Share
    errors: Share
    macro_f1: float
    labels: tuple[LabelScore, ...]


def score(judgements: Sequence[Judgement], *, labels: Collection[str] = ()) -> Scores:
    """The scores of at least one ticket.

    Args:
        labels: The taxonomy's; a judgement that names another is refused. None: every label is one. One that no ticket has or got
            stands in the table and counts in no mean.
    """
    check_some("judgements", judgements)
    check_labels(judgements, labels)
    number = len(judgements)
    right, near, automatic, wrong = (
        sum(each.is_right for each in judgements),
        sum(each.is_right or each.runner_up == each.truth for each in judgements),
        sum(each.is_automatic for each in judgements),
        sum(each.is_automatic and not each.is_right for each in judgements),
    )
    table = by_label(judgements, labels=labels)
    return Scores(
        accuracy=Share(right, number),
        top_2=Share(near, number),
        coverage=Share(automatic, number),
        errors=Share(wrong, automatic),
        macro_f1=macro_f1(table),
        labels=table,
    )


def check_labels(judgements: Iterable[Judgement], labels: Collection[str]) -> None:
    """Every ticket has a known label, and nothing is named that is not among `labels` (if there are any)."""
    for place, each in enumerate(judgements, 1):
        if not each.truth:
            raise InvalidInput("judgements", f"number {place:,} has no known label")
        for label in (each.truth, each.chosen, each.runner_up):
            if label and labels and label not in labels:
                raise InvalidInput("judgements", f"number {place:,} names “{label}”, no label here")


def by_label(
    judgements: Iterable[Judgement], *, labels: Collection[str] = ()
) -> tuple[LabelScore, ...]:
    """A row a label, those with the most tickets first."""
    counts = confusion(judgements)
    known, chosen, right = Counter[str](), Counter[str](), Counter[str]()
    for (truth, answer), number in counts.items():
        known[truth] += number
        chosen[answer] += number
        right[truth] += number if truth == answer else 0
    names = {*known, *chosen, *labels} - {""}
    rows = (LabelScore(name, known[name], chosen[name], right[name]) for name in names)
    return tuple(sorted(rows, key=lambda row: (-row.known, row.label)))


def macro_f1(rows: Iterable[LabelScore]) -> float:
    """The mean of the labels' F1, each counting the same; over labels that some ticket has or got."""
    seen = [row.f1 for row in rows if row.known or row.chosen]
    return sum(seen) / len(seen) if seen else 0.0


def confusion(judgements: Iterable[Judgement]) -> Counter[tuple[str, str]]:
    """How many tickets of each known label got each label; "" where none was chosen."""
    return Counter((each.truth, each.chosen) for each in judgements)
