from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from tests.factories import write_csv, write_jsonl
from triage.exceptions import Conflict, InvalidInput
from triage.models import Channel, Import, Requester, State, Ticket, Triage
from triage.models.imports import ImportState
from triage.services.intake import importing
from triage.services.intake.importing import Step, import_tickets

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_LINES", 10)


def run_import(path: Path, *, source: str = "shop") -> Step:
    """The last step of a whole import, with the refused lines of all."""
    refused, step = [], None
    for step in import_tickets(path, source=source, by=User.objects.system()):
        refused += step.refused
    assert step is not None
    return Step(step.run, refused, step.bytes_read, step.resumed_after)


def counts(step: Step) -> tuple[int, int, int]:
    """New, known, refused, as the database has them."""
    run = Import.objects.get(pk=step.run.pk)
    return run.new, run.known, run.refused


def numbered(path: Path, count: int, **more: Any) -> Path:
    rows = [{"external_id": str(n), "description": f"ticket {n}", **more} for n in range(count)]
    return write_jsonl(path, rows)


def test_an_import_stores_tickets_with_their_triage_waiting(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        [
            [
                "external_id",
                "subject",
                "description",
                "label",
                "priority",
                "tags",
                "split",
                "impact",
            ],
            ["7", "Card", "It is lost.", "Lost?", "2", "a,b", "test", "4"],
        ],
    )

    step = run_import(path)

    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.source, ticket.external_id) == (Channel.IMPORT, "shop", "7")
    assert (ticket.known_label, ticket.split, ticket.label) == ("Lost?", "test", None)
    assert (ticket.tags, ticket.priority) == (["a", "b"], "")
    assert ticket.custom_fields == {"impact": "4", "priority": "2"}
    assert ticket.triage is not None
    assert ticket.triage.state == State.QUEUED
    assert (counts(step), step.run.unmapped) == ((1, 0, 0), 1)
    assert step.run.state == ImportState.DONE


def test_the_same_file_again_brings_nothing_twice(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.jsonl", 25, requester_name="Ann")

    first, second = run_import(path), run_import(path)

    assert (counts(first), counts(second)) == ((25, 0, 0), (0, 25, 0))
    assert (Ticket.objects.count(), Triage.objects.count()) == (25, 25)
    assert Requester.objects.count() == 25


def test_a_file_without_ids_brings_nothing_twice_either(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["description"], *([f"text {n}"] for n in range(25))])

    run_import(path)
    again = run_import(path)

    assert counts(again) == (0, 25, 0)
    assert Ticket.objects.count() == 25


def test_an_id_that_stands_twice_in_a_file_is_refused_the_second_time(tmp_path: Path) -> None:
    rows = [{"external_id": str(n % 12), "description": f"text {n}"} for n in range(14)]

    step = run_import(write_jsonl(tmp_path / "a.jsonl", [*rows, rows[13]]))

    reasons = [(line.number, line.reason) for line in step.refused]
    assert reasons == [
        (13, "external_id '0' stands on an earlier line"),
        (14, "external_id '1' stands on an earlier line"),
        (15, "external_id '1' stands on an earlier line"),
    ]
    assert counts(step) == (12, 0, 3)
    assert Ticket.objects.get(external_id="0").description == "text 0"


def test_a_text_without_id_that_stands_twice_is_refused_in_words(tmp_path: Path) -> None:
    step = run_import(write_csv(tmp_path / "a.csv", [["description"], ["same"], ["same"]]))

    assert [line.reason for line in step.refused] == ["the same text stands on an earlier line"]


def test_bad_lines_are_counted_and_named_and_cost_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = [f'{{"external_id": "{n}", "description": "text"}}' for n in range(20)]
    path.write_text("\n".join([*good[:5], "{broken", *good[5:], '{"subject": "no text"}']))

    step = run_import(path)

    assert [line.number for line in step.refused] == [6, 22]
    assert counts(step) == (20, 0, 2)


@pytest.mark.parametrize("stopped_after", [1, 2])
def test_an_interrupted_import_goes_on_after_the_last_batch(
    tmp_path: Path, stopped_after: int
) -> None:
    path = numbered(tmp_path / "a.jsonl", 25)
    with path.open("a") as file:
        file.write("{broken\n")
    steps = import_tickets(path, source="shop", by=User.objects.system())
    stopped = list(islice(steps, stopped_after))[-1]
    del steps

    step = run_import(path)

    assert step.run.pk == stopped.run.pk
    assert step.resumed_after == 10 * stopped_after
    assert (counts(step), Import.objects.count()) == ((25, 0, 1), 1)
    assert Ticket.objects.count() == 25


def test_an_interrupted_csv_with_quoted_newlines_goes_on_at_the_right_row(tmp_path: Path) -> None:
    rows = [["description", "external_id"], *([f"two\nlines {n}", str(n)] for n in range(25))]
    path = write_csv(tmp_path / "a.csv", rows)
    next(import_tickets(path, source="shop", by=User.objects.system()))

    step = run_import(path)

    assert (counts(step), step.resumed_after) == ((25, 0, 0), 21)


def test_another_file_or_source_is_another_import(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.jsonl", 25)
    next(import_tickets(path, source="shop", by=User.objects.system()))

    other = run_import(path, source="bank")

    assert (other.resumed_after, counts(other)) == (0, (25, 0, 0))


def test_the_slower_of_two_processes_with_one_file_gives_way(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.jsonl", 25)
    slower = import_tickets(path, source="shop", by=User.objects.system())
    next(slower)

    faster = run_import(path)

    with pytest.raises(Conflict, match="another process is importing this file"):
        next(slower)
    assert counts(faster) == (25, 0, 0)


@pytest.mark.parametrize("content", ["", "description\n", "id,text\n1,a\n"])
def test_a_file_that_cannot_be_used_leaves_no_run_behind(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)

    with pytest.raises(InvalidInput):
        run_import(path)

    assert not Import.objects.exists()


def test_a_source_too_long_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="source: is longer than 60 characters"):
        run_import(numbered(tmp_path / "a.jsonl", 1), source="x" * 61)


def test_in_debug_mode_the_texts_of_past_queries_are_not_kept(
    tmp_path: Path, settings: Settings
) -> None:
    settings.DEBUG = True

    for _ in import_tickets(
        numbered(tmp_path / "a.jsonl", 50), source="shop", by=User.objects.system()
    ):
        assert len(connection.queries_log) < 5


def test_large_rows_are_stored_in_batches_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_CHARACTERS", 10_000)
    path = numbered(tmp_path / "a.jsonl", 9, log="x" * 6_000)

    steps = list(import_tickets(path, source="shop", by=User.objects.system()))

    assert [step.run.pk for step in steps] == [steps[0].run.pk] * 6  # 2+2+2+2+1 rows, and the end
    assert Ticket.objects.count() == 9
