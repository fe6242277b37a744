"""A taxonomy from the `label` names of an import file, with examples from its training rows alone."""

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from accounts.models import User
from triage.exceptions import InvalidInput
from triage.models import Label, TaxonomyVersion
from triage.models.taxonomy import LABEL_MAX_CHARACTERS
from triage.services import taxonomy
from triage.services.intake import files
from triage.services.intake.files import Line
from triage.services.intake.instructions import find_instruction

EXAMPLES_KEPT = 12
CANDIDATES_KEPT = 200  # to choose examples from, in bounded memory
EXAMPLE_MAX_CHARACTERS = 300
LABELS_MAX = 1_000  # more names than this is a wrong column, not a taxonomy


@dataclass(frozen=True, slots=True)
class ImportedLabels:
    """What the file brought."""

    version: TaxonomyVersion
    created: int
    updated: int
    retired: int
    refused_lines: int


def import_labels(path: Path, *, replace: bool, by: User) -> ImportedLabels:
    """Labels of the names in `path`, published as a taxonomy version.

    Args:
        replace: Retire the active labels that the file does not name.

    Raises:
        InvalidInput: The file names fewer than two labels, or far too many, or one that is too long.
    """
    names, refused = _collect(path)
    with transaction.atomic():
        known = {label.slug.casefold(): label for label in Label.objects.all()}
        created = updated = 0
        for name, candidates in sorted(names.items()):
            label = known.get(name.casefold())
            created, updated = created + (label is None), updated + (label is not None)
            _save(label or Label(slug=name, name=_readable(name)), candidates)
        retired = _retire_others(names) if replace else 0
        version = taxonomy.publish(by=by)
    return ImportedLabels(version, created, updated, retired, refused)


def _collect(path: Path) -> tuple[dict[str, list[str]], int]:
    """`({label name: candidate examples}, refused lines)`. Names that differ in case alone are one label."""
    names: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    refused = 0
    with path.open("rb") as file:
        for line in files.read(file, source=""):
            if not isinstance(line, Line):
                refused += 1
            elif name := _name(line):
                candidates = names.setdefault(spelled.setdefault(name.casefold(), name), [])
                if len(candidates) < CANDIDATES_KEPT and (example := _example(line)):
                    candidates.append(example)
            if len(names) > LABELS_MAX:
                raise InvalidInput("label", f"the file has over {LABELS_MAX:,} different labels")
    _check_enough(names)
    return names, refused


def _check_enough(names: dict[str, list[str]]) -> None:
    if not names:
        raise InvalidInput("label", "no line has a value in the column `label`")
    if len(names) < 2:
        raise InvalidInput("label", f"the file names one label only, {next(iter(names))!r}")


def _name(line: Line) -> str:
    name = line.ticket.known_label
    if len(name) > LABEL_MAX_CHARACTERS:
        raise InvalidInput(
            "label", f"line {line.number:,} names one of over {LABEL_MAX_CHARACTERS} characters"
        )
    return name


def _example(line: Line) -> str:
    """The ticket in one line, if it may teach: a training row whose text would not instruct the model."""
    ticket = line.ticket
    text = f"{ticket.subject}: {ticket.description}" if ticket.subject else ticket.description
    if ticket.split.lower() != "train" or find_instruction(text[:EXAMPLE_MAX_CHARACTERS]):
        return ""
    return " ".join(text.split())[:EXAMPLE_MAX_CHARACTERS]


def _save(label: Label, candidates: list[str]) -> None:
    label.is_active = True
    if candidates:
        label.examples = _spread(candidates)
    label.save()


def _spread(candidates: list[str]) -> list[str]:
    """Different texts, evenly from the whole list: neighbours in a file are often alike."""
    different = list(dict.fromkeys(candidates))
    step = max(1.0, len(different) / EXAMPLES_KEPT)
    return [different[int(n * step)] for n in range(min(EXAMPLES_KEPT, len(different)))]


def _readable(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] if words else name


def _retire_others(names: dict[str, list[str]]) -> int:
    kept = {name.casefold() for name in names}
    retired = [
        label for label in Label.objects.filter(is_active=True) if label.slug.casefold() not in kept
    ]
    return Label.objects.filter(pk__in=[label.pk for label in retired]).update(is_active=False)
