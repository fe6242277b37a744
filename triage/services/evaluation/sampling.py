"""Where an evaluation's tickets come from: a file, or the help desk's own whose label a person has confirmed.

What is read here is judged in `findings`. Nothing is written.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

from django.db.models import F

from triage.exceptions import InvalidInput
from triage.models import EvaluationSource, Field, FieldDecision, Ticket
from triage.models.tickets import SUBJECT_MAX_CHARACTERS, AuthorKind
from triage.services.classification.prompt import FURTHER_MESSAGES
from triage.services.intake.cleaning import bounded, cleaned, shortened
from triage.services.intake.mapping import ticket_of
from triage.services.intake.quoting import new_words
from triage.services.intake.receiving import NewTicket
from triage.services.intake.rows import BadLine, Row, rows

LIMIT = 1_000
LIMIT_AT_MOST = 10_000
ROWS_AT_MOST = 200_000  # of a file: what is drawn from is held in memory
SPARE = 2  # times as many are read as are asked for: some will be left out
READ_AT_ONCE = 500
TEST = "test"  # tickets of this part of their file never stand in the guide


@dataclass(frozen=True, slots=True)
class FileSource:
    """A .csv or .jsonl with `description`, `label` and perhaps `subject`: a path, or its bytes."""

    content: Path | bytes
    name: str
    limit: int = LIMIT

    kind = EvaluationSource.FILE


@dataclass(frozen=True, slots=True)
class ConfirmedSource:
    """Tickets whose label a person accepted or corrected, and imported ones with a known label of `split=test`."""

    limit: int = LIMIT
    name: str = ""

    kind = EvaluationSource.CONFIRMED


@dataclass(frozen=True, slots=True)
class CorrectedSource:
    """Tickets whose label a person had to correct: the hard ones, and no random sample."""

    limit: int = LIMIT
    name: str = ""

    kind = EvaluationSource.CORRECTED


Source = FileSource | ConfirmedSource | CorrectedSource


@dataclass(frozen=True, slots=True)
class Labelled:
    """One ticket and the label it came with. `number` counts from 1 in the order they came."""

    number: int
    subject: str
    description: str
    known_label: str
    ticket_id: int | None = None
    is_cut: bool = False

    @property
    def text(self) -> str:
        return f"{self.subject}\n{self.description}" if self.subject else self.description


@dataclass(frozen=True, slots=True)
class Read:
    """What a source holds, and the numbers of its rows that cannot be read at all."""

    tickets: tuple[Labelled, ...]
    unreadable: tuple[int, ...] = ()


def read(source: Source, *, seed: int) -> Read:
    """The source's tickets, in their order; of the help desk's own a random sample with some to spare.

    Raises:
        InvalidInput: There is none, or the file as a whole cannot be used.
    """
    if not 1 <= source.limit <= LIMIT_AT_MOST:
        raise InvalidInput("limit", f"must be 1 to {LIMIT_AT_MOST:,}")
    found = _of_file(source) if isinstance(source, FileSource) else _of_help_desk(source, seed=seed)
    if not found.tickets:
        raise InvalidInput("source", _none_words(source))
    return found


def count_confirmed() -> int:
    """How many tickets of the help desk have a label that an evaluation can use."""
    return len(_confirmed())


def count_corrected() -> int:
    return len(_corrected())


def _none_words(source: Source) -> str:
    if isinstance(source, FileSource):
        return "no row of the file can be read"
    if isinstance(source, CorrectedSource):
        return "no label has been corrected yet"
    return "no label has been confirmed yet; accept or correct some in the queue, or use a file"


def _of_file(source: FileSource) -> Read:
    found: list[Labelled] = []
    bad: list[int] = []
    has_label = False
    with _opened(source.content) as file:
        for number, row in enumerate(rows(file), start=1):
            if number > ROWS_AT_MOST:
                raise InvalidInput("file", f"has more than {ROWS_AT_MOST:,} rows; use a part of it")
            labelled = _of_row(number, row)
            if labelled is None:
                bad.append(number)
            else:
                found.append(labelled)
                has_label = has_label or (isinstance(row, Row) and "label" in row.values)
    if found and not has_label:
        raise InvalidInput("file", "has no column `label`, which says what each ticket is")
    return Read(tuple(found), tuple(bad))


def _opened(content: Path | bytes) -> BinaryIO:
    return BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _of_row(number: int, row: Row | BadLine) -> Labelled | None:
    if isinstance(row, BadLine):
        return None
    try:
        new, _ = ticket_of(row.values, source="")
    except InvalidInput:
        return None
    return _labelled(number, new)


def _labelled(number: int, new: NewTicket) -> Labelled:
    """As intake would keep it."""
    text = cleaned(new.description)
    kept = bounded(text)
    return Labelled(
        number=number,
        subject=shortened(new.subject, most=SUBJECT_MAX_CHARACTERS),
        description=kept,
        known_label=new.known_label,
        is_cut=len(kept) < len(text),
    )


def _of_help_desk(source: ConfirmedSource | CorrectedSource, *, seed: int) -> Read:
    labels = _corrected() if isinstance(source, CorrectedSource) else _confirmed()
    drawn = Random(seed).sample(sorted(labels), min(len(labels), source.limit * SPARE))
    tickets = enumerate(_tickets(sorted(drawn)), start=1)
    return Read(tuple(_of_ticket(number, each, labels[each.pk]) for number, each in tickets))


def _judged() -> Any:
    """Pairs of ticket id and label: what people said of tickets' newest runs."""
    newest = FieldDecision.objects.filter(field=Field.LABEL, triage=F("triage__ticket__triage"))
    return newest.exclude(corrected_to="").values_list("triage__ticket_id", "corrected_to")


def _confirmed() -> dict[int, str]:
    """Labels by ticket id; what a person said goes before what was imported."""
    known = Ticket.objects.filter(split__iexact=TEST).exclude(known_label="")
    return dict(known.values_list("pk", "known_label")) | dict(_judged())


def _corrected() -> dict[int, str]:
    return dict(_judged().exclude(corrected_to=F("value")))


def _tickets(ids: list[int]) -> Iterable[Ticket]:
    for start in range(0, len(ids), READ_AT_ONCE):
        some = Ticket.objects.filter(pk__in=ids[start : start + READ_AT_ONCE]).order_by("pk")
        yield from some.defer("search", "custom_fields").prefetch_related("messages")


def _of_ticket(number: int, ticket: Ticket, label: str) -> Labelled:
    """With the customer's latest further messages, as the cascade is shown them."""
    further = [
        message.body
        for message in ticket.messages.all()
        if message.is_public and message.author_kind == AuthorKind.REQUESTER
    ]
    words = [new_words(text) for text in (ticket.description, *further[-FURTHER_MESSAGES:])]
    return Labelled(
        number=number,
        subject=ticket.subject,
        description=bounded("\n\n".join(words)),
        known_label=label,
        ticket_id=ticket.pk,
        is_cut=ticket.original_characters > len(ticket.description),
    )
