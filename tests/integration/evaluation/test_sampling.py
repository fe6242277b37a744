"""Where an evaluation's tickets come from: files as imports take them, and what people said in the help desk."""

from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from tests.integration.classification.cases import Desk, newest
from tests.integration.evaluation.cases import codes, file_of, problems, propose, rows
from triage.exceptions import InvalidInput
from triage.models import Decision, EvaluationTicket, Field, FieldDecision, Message, Ticket
from triage.models.tickets import AuthorKind
from triage.services.evaluation import running
from triage.services.evaluation.configurations import in_force
from triage.services.evaluation.sampling import (
    ConfirmedSource,
    CorrectedSource,
    FileSource,
    count_confirmed,
    count_corrected,
    read,
)


def say(ticket: Ticket, value: str, said: str) -> None:
    """Triage chose `value` and a person said `said`."""
    FieldDecision.objects.create(
        triage=newest(ticket),
        field=Field.LABEL,
        value=value,
        confidence=0.9,
        threshold=0.85,
        decision=Decision.SUGGESTED,
        corrected_to=said,
        corrected_by=User.objects.system(),
        corrected_at=timezone.now(),
    )


def test_a_csv_is_read_as_an_import_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text('label;subject;description\nrefund;A kettle;"It is\nbroken"\n;x;y\nlogin;;\n')

    found = read(FileSource(path, path.name), seed=0)

    assert [(each.number, each.known_label) for each in found.tickets] == [
        (1, "refund"),
        (2, ""),
        (3, "login"),
    ]
    assert found.tickets[0].text == "A kettle\nIt is\nbroken"


def test_a_file_without_the_column_label_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no column `label`"):
        read(FileSource(b"description\nhello\n", "x.csv"), seed=0)


def test_a_row_that_is_broken_spoils_itself_alone() -> None:
    content = (
        b'{"description": "one", "label": "a"}\nnonsense\n{"description": "two", "label": "a"}\n'
    )

    found = read(FileSource(content, "x.jsonl"), seed=0)

    assert (len(found.tickets), found.unreadable) == (2, (2,))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no row"):
        read(FileSource(b"", "x.csv"), seed=0)


@pytest.mark.parametrize("limit", [0, 10_001])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        read(FileSource(b"x", "x.csv", limit), seed=0)


def test_what_people_confirmed_or_corrected_is_a_source(desk: Desk) -> None:
    accepted, corrected, unsaid = (desk.receive(f"Text number {n} about it.") for n in range(3))
    say(accepted, "refund", "refund")
    say(corrected, "refund", "login")

    found = read(ConfirmedSource(), seed=0)

    assert [(each.ticket_id, each.known_label) for each in found.tickets] == [
        (accepted.pk, "refund"),
        (corrected.pk, "login"),
    ]
    assert unsaid.pk not in {each.ticket_id for each in found.tickets}
    assert (count_confirmed(), count_corrected()) == (2, 1)


def test_known_labels_count_where_the_ticket_cannot_stand_in_the_guide(desk: Desk) -> None:
    test = desk.receive("Text one of the test.", known_label="refund", split="test")
    desk.receive("Text two of the training.", known_label="refund", split="train")

    found = read(ConfirmedSource(), seed=0)

    assert [each.ticket_id for each in found.tickets] == [test.pk]


def test_the_corrected_alone_are_a_source_with_a_warning(desk: Desk) -> None:
    for n in range(3):
        say(desk.receive(f"Text number {n} about it."), "refund", "login" if n else "refund")

    evaluation = running.propose(
        CorrectedSource(), configurations=[in_force()], by=User.objects.system()
    )

    assert evaluation.tickets.count() == 2
    assert codes(evaluation)["corrected_only"] == 2


def test_without_any_the_refusal_says_what_to_do(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="accept or correct some"):
        read(ConfirmedSource(), seed=0)


def test_the_customer_s_further_messages_are_part_of_the_text(desk: Desk) -> None:
    ticket = desk.receive("The first words.")
    say(ticket, "refund", "refund")
    for kind, body in ((AuthorKind.REQUESTER, "And more."), (AuthorKind.AGENT, "Our answer.")):
        Message.objects.create(ticket=ticket, author_kind=kind, body=body)

    (found,) = read(ConfirmedSource(), seed=0).tickets

    assert found.description == "The first words.\n\nAnd more."


def test_what_is_left_out_is_kept_with_its_reason(desk: Desk) -> None:
    made = [
        *rows(refund=4, login=4),
        {"description": "Something else entirely", "label": "shipping"},
        {"description": "No label here at all", "label": ""},
        {"description": "I forgot my password.", "label": "login"},
    ]

    evaluation = propose(made)

    assert problems(evaluation) == {9: "unknown_label", 10: "no_label", 11: "in_the_guide"}
    assert evaluation.quote["tickets"] == 8
    assert EvaluationTicket.objects.filter(part="").count() == 3


def test_a_sample_is_drawn_where_there_are_more(desk: Desk) -> None:
    evaluation = running.propose(
        file_of(rows(refund=30, login=30), limit=20),
        configurations=[in_force()],
        by=User.objects.system(),
        seed=4,
    )

    assert evaluation.tickets.exclude(part="").count() == 20
