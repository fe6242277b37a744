"""What is wrong with labelled tickets, named with counts; and which of them count, for what.

A ticket that is left out has a `problem`. A finding that leaves nobody out is a warning about what the figures are worth.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

from triage.exceptions import InvalidInput
from triage.services.evaluation import parting
from triage.services.evaluation.parting import NOTHING, Known
from triage.services.evaluation.sampling import CorrectedSource, Labelled, Read, Source
from triage.services.statistics.duplicates import clusters, digest, words
from triage.services.taxonomy import LabelSnapshot, Taxonomy

NUMBERS_SHOWN = 10
ENOUGH = 30  # usable tickets; below, no threshold can be certified
GUIDE_CHARACTERS = 300  # an example in the guide is a ticket's beginning, of so many characters
FOREIGN_FROM = 0.1  # of the tickets: from here on it is worth a warning
WORDS_TO_TELL = 5  # in fewer a common word may be missing by chance
# Words that are frequent in English and rare in its neighbours: "in", "was" and "so" are German, "a" and "no" Spanish.
ENGLISH = frozenset(
    {
        "about",
        "and",
        "any",
        "are",
        "been",
        "but",
        "can",
        "could",
        "did",
        "does",
        "for",
        "from",
        "has",
        "have",
        "how",
        "it",
    }
    | {
        "its",
        "my",
        "not",
        "our",
        "please",
        "that",
        "the",
        "there",
        "they",
        "this",
        "to",
        "were",
        "what",
        "when",
        "where",
    }
    | {"which", "why", "with", "would", "you", "your"}
)
NO_LABEL_FITS = re.compile(
    r"\b(?:other|others|none|unknown|misc|miscellaneous|out of scope|oos)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about the tickets, in words; how many they are, and the numbers of the first."""

    code: str
    words: str
    tickets: int
    numbers: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"numbers": list(self.numbers)}


@dataclass(frozen=True, slots=True)
class Sampled:
    """A ticket as it is evaluated: what it counts for, or why it does not. `is_known`: to a calibrator that decides."""

    labelled: Labelled
    label: str = ""
    cluster: int = 0
    part: str = ""
    problem: str = ""
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The tickets that count and those left out, in their order, and what was found."""

    tickets: tuple[Sampled, ...]
    findings: tuple[Finding, ...]

    @property
    def counted(self) -> tuple[Sampled, ...]:
        return tuple(each for each in self.tickets if not each.problem)


def judge(
    found: Read,
    source: Source,
    *,
    taxonomies: Sequence[Taxonomy],
    seed: int,
    limit: int,
    known: Known = NOTHING,
) -> Judged:
    """A random sample of at most `limit` usable tickets, with parts; labels are those of the first taxonomy.

    Args:
        known: What those that decide have seen before.

    Raises:
        InvalidInput: Not one of them is usable; says why.
    """
    taxonomy = taxonomies[0]
    named = _without_contradictions([_named(each, taxonomy) for each in found.tickets])
    drawn = _drawn([each for each in named if not each.problem], seed=seed)
    fresh, in_guide = _without_guide(drawn[: 2 * limit], taxonomies)
    counted = _parted(sorted(fresh[:limit], key=_number), seed=seed, known=known)
    left_out = [each for each in named if each.problem] + in_guide
    found_all = [
        *_unreadable(found.unreadable),
        *_problems(left_out),
        *_warnings(counted, source, taxonomy),
    ]
    if not counted:
        why = " ".join(each.words for each in found_all if each.tickets)
        raise InvalidInput("source", f"there is no ticket that can be used. {why}")
    return Judged(tuple(sorted([*counted, *left_out], key=_number)), tuple(found_all))


def _number(each: Sampled) -> int:
    return each.labelled.number


def _named(each: Labelled, taxonomy: Taxonomy) -> Sampled:
    if not each.description.strip():
        return Sampled(each, problem="empty_text")
    if not each.known_label.strip():
        return Sampled(each, problem="no_label")
    label = find_label(each.known_label, taxonomy)
    return Sampled(each, label=label.slug) if label else Sampled(each, problem="unknown_label")


def find_label(known: str, taxonomy: Taxonomy) -> LabelSnapshot | None:
    """By slug, else by name, compared without case."""
    text = known.strip()
    if label := taxonomy.find(text):
        return label
    folded = text.casefold()
    return next((each for each in taxonomy.labels.values() if each.name.casefold() == folded), None)


def _without_contradictions(tickets: Sequence[Sampled]) -> list[Sampled]:
    """Tickets with the same text and different labels: nobody knows which is right, so none of them counts."""
    labels: dict[str, set[str]] = defaultdict(set)
    said = [digest(each.labelled.text) if each.label else "" for each in tickets]
    for text, each in zip(said, tickets, strict=True):
        labels[text].add(each.label)
    return [
        replace(each, label="", problem="contradictory")
        if each.label and len(labels[text]) > 1
        else each
        for text, each in zip(said, tickets, strict=True)
    ]


def _drawn(usable: Sequence[Sampled], *, seed: int) -> list[Sampled]:
    return Random(seed).sample(usable, len(usable))


def _without_guide(
    tickets: Sequence[Sampled], taxonomies: Sequence[Taxonomy]
) -> tuple[list[Sampled], list[Sampled]]:
    """Those that the guide does not show; and those that it does, or that say the same: the model would read its answer there."""
    examples = sorted({text for each in taxonomies for text in _examples(each)})
    texts = [_as_example(each.labelled) for each in tickets]
    shown = {
        place - len(examples)
        for cluster in clusters([*examples, *texts])
        if cluster[0] < len(examples)
        for place in cluster
    }
    fresh = [each for place, each in enumerate(tickets) if place not in shown]
    taken = [each for place, each in enumerate(tickets) if place in shown]
    return fresh, [replace(each, label="", problem="in_the_guide") for each in taken]


def _examples(taxonomy: Taxonomy) -> Iterator[str]:
    for label in taxonomy.labels.values():
        yield from (text[:GUIDE_CHARACTERS] for text in label.examples)


def _as_example(each: Labelled) -> str:
    text = f"{each.subject}: {each.description}" if each.subject else each.description
    return " ".join(text.split())[:GUIDE_CHARACTERS]


def _parted(tickets: Sequence[Sampled], *, seed: int, known: Known) -> list[Sampled]:
    """With the number of each one's cluster, and its part."""
    places = parting.place([each.labelled.text for each in tickets], seed=seed, known=known)
    return [
        replace(each, cluster=place.cluster, part=place.part.value, is_known=place.is_known)
        for each, place in zip(tickets, places, strict=True)
    ]


PROBLEMS = {
    "no_label": "without a label",
    "unknown_label": "with a label that is not in the taxonomy",
    "empty_text": "without a text",
    "contradictory": "with the text of another one and another label",
    "in_the_guide": "that the guide shows as an example, or nearly so,",
}


def _problems(left_out: Sequence[Sampled]) -> Iterator[Finding]:
    by_problem: dict[str, list[Sampled]] = defaultdict(list)
    for each in left_out:
        by_problem[each.problem].append(each)
    for code, why in PROBLEMS.items():
        if some := by_problem.get(code):
            names = f": {_listed(some)}" if code == "unknown_label" else ""
            yield _finding(code, f"{_tickets(some)} {why} {_are(some)} left out{names}.", some)


def _unreadable(numbers: Sequence[int]) -> Iterator[Finding]:
    if numbers:
        row = "row that cannot be read is" if len(numbers) == 1 else "rows that cannot be read are"
        text = f"{len(numbers):,} {row} left out."
        yield Finding("unreadable", text, len(numbers), tuple(numbers[:NUMBERS_SHOWN]))


def _warnings(counted: Sequence[Sampled], source: Source, taxonomy: Taxonomy) -> Iterator[Finding]:
    if not counted:
        return
    if isinstance(source, CorrectedSource):
        yield _corrections_alone(counted)
    yield from _few(counted)
    yield from _repeated(counted)
    yield from _known(counted)
    yield from _off_topic(counted, taxonomy)
    yield from _foreign(counted)
    if cut := [each for each in counted if each.labelled.is_cut]:
        yield _finding("cut", f"{_tickets(cut)} longer than is kept {_are(cut)} cut.", cut)


def _corrections_alone(counted: Sequence[Sampled]) -> Finding:
    return _finding(
        "corrected_only",
        "Corrected tickets are no random sample: they are the hard ones, and an accuracy on them is not that of all tickets. No "
        "threshold may be certified with them.",
        counted,
    )


def _few(counted: Sequence[Sampled]) -> Iterator[Finding]:
    if len({each.label for each in counted}) == 1:
        text = f"All tickets have the label “{counted[0].label}”: how well labels are told apart cannot be seen."
        yield _finding("one_class", text, counted)
    if len(counted) < ENOUGH:
        text = f"Only {_tickets(counted)} can be used. The figures have wide intervals, and nothing can be certified."
        yield _finding("too_few", text, counted)


def _repeated(counted: Sequence[Sampled]) -> Iterator[Finding]:
    """Equal or nearly: they are counted, but stand together in one part."""
    sizes = Counter(each.cluster for each in counted)
    doubles = [each for each in counted if sizes[each.cluster] > 1]
    if doubles:
        different = len({each.cluster for each in doubles})
        text = f"{_tickets(doubles)} say what another one says, of {different:,} different texts. They count, in the same part."
        yield _finding("duplicate", text, doubles)


def _known(counted: Sequence[Sampled]) -> Iterator[Finding]:
    if some := [each for each in counted if each.is_known]:
        text = (
            f"{_tickets(some)} {_are(some)} known to the calibrators that decide, or to the local model that they weigh, or like"
            " what is: they calibrate again, and prove nothing."
        )
        yield _finding("known", text, some)


def _off_topic(counted: Sequence[Sampled], taxonomy: Taxonomy) -> Iterator[Finding]:
    some = [each for each in counted if _says_none_fits(taxonomy.labels[each.label])]
    if 2 * len(some) > len(counted):
        text = (
            f"{len(some):,} of {_tickets(counted)} have a label that says that none fits: {_listed(some)}. "
            "The figures are mostly theirs."
        )
        yield _finding("out_of_scope", text, some)


def _says_none_fits(label: LabelSnapshot) -> bool:
    return any(
        NO_LABEL_FITS.search(re.sub(r"[_\-./]+", " ", text)) for text in (label.slug, label.name)
    )


def _foreign(counted: Sequence[Sampled]) -> Iterator[Finding]:
    some = [each for each in counted if _is_foreign(each.labelled.text)]
    if len(some) >= FOREIGN_FROM * len(counted):
        text = (
            f"{len(some):,} of {_tickets(counted)} seem not to be English: most letters are not of its alphabet, or none of "
            f"{len(ENGLISH)} common words is in a text of {WORDS_TO_TELL} words or more. Figures are of the languages that came."
        )
        yield _finding("not_english", text, some)


def _is_foreign(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    if letters and 2 * sum(map(str.isascii, letters)) < len(letters):
        return True
    said = words(text)
    return len(said) >= WORDS_TO_TELL and not ENGLISH & set(said)


def _finding(code: str, text: str, some: Sequence[Sampled]) -> Finding:
    numbers = tuple(sorted(map(_number, some))[:NUMBERS_SHOWN])
    return Finding(code, text, len(some), numbers)


def _tickets(some: Sequence[Sampled]) -> str:
    return f"{len(some):,} ticket{'' if len(some) == 1 else 's'}"


def _are(some: Sequence[Sampled]) -> str:
    return "is" if len(some) == 1 else "are"


def _listed(some: Iterable[Sampled]) -> str:
    names = Counter(each.labelled.known_label or each.label for each in some)
    shown = ", ".join(f"“{name[:40]}” ({count:,})" for name, count in names.most_common(5))
    return f"{shown} and {len(names) - 5:,} more" if len(names) > 5 else shown
