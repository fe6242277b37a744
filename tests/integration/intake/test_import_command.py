"""`import_tickets` as people run it: a process that prints, can be killed, and stays small."""

import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests import processes
from tests.factories import write_jsonl
from triage.models import Import, Ticket, Triage
from triage.models.imports import ImportState

COMMAND = ("-m", "django", "import_tickets")
MEGABYTE = 1_000_000
# Runs the command and prints the most memory it ever held, in kilobytes (as Linux counts it).
MEASURED = """
import resource, sys, django; django.setup()
from django.core.management import call_command
call_command("import_tickets", sys.argv[1])
print("kilobytes", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def run(path: Path, **options: str) -> tuple[str, str]:
    """What the command writes to stdout and stderr."""
    out, err = StringIO(), StringIO()
    call_command("import_tickets", str(path), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def numbered(path: Path, count: int, *, description: str = "My card is lost.") -> Path:
    return write_jsonl(
        path, ({"external_id": str(n), "description": description} for n in range(count))
    )


@pytest.mark.django_db
def test_the_command_counts_and_names_what_it_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("external_id,description,priority\n1,one,2\n2,,\n1,one,\n")

    out, err = run(path)

    assert "1 new, 0 known, 2 refused, 1 values kept as custom fields." in out
    assert "line 3: description: is missing or empty" in err
    assert "line 4: external_id '1' stands on an earlier line" in err
    assert Ticket.objects.get().source == "shop"


@pytest.mark.django_db
def test_the_source_can_be_named(tmp_path: Path) -> None:
    run(numbered(tmp_path / "a.jsonl", 1), source="bank")

    assert Ticket.objects.get().source == "bank"


@pytest.mark.django_db
def test_only_the_first_refusals_are_named_and_the_others_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("[]\n" * 60 + '{"description": "a"}\n')

    _, err = run(path)

    assert err.count("not a JSON object") == 50
    assert "… and 10 more refused lines" in err


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "No such file or directory"),
        (".", "Is a directory"),
        ("empty.csv", "file: has no rows"),
    ],
)
def test_a_path_that_cannot_be_imported_is_refused_in_words(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "empty.csv").touch()

    with pytest.raises(CommandError, match=message):
        run(tmp_path / name)


@pytest.mark.django_db
def test_progress_is_shown_on_stderr_and_the_result_on_stdout(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    call_command("import_tickets", str(numbered(tmp_path / "a.jsonl", 3)))

    captured = capfd.readouterr()
    assert "importing" in captured.err
    assert "importing" not in captured.out
    assert "3 new" in captured.out


@pytest.mark.django_db(transaction=True)
def test_an_import_that_was_killed_goes_on_and_counts_right(tmp_path: Path) -> None:
    path = numbered(tmp_path / "shop.jsonl", 6_000)
    child = processes.start(*COMMAND, str(path))
    try:
        while not (Import.objects.filter(lines_read__gt=0).exists() or child.poll() is not None):
            time.sleep(0.01)
    finally:
        processes.kill(child)
    killed = Import.objects.get()
    assert killed.state == ImportState.RUNNING
    assert 0 < killed.lines_read < 6_000
    assert Ticket.objects.count() == killed.new == killed.lines_read

    out, _ = run(path)

    assert f"Resumed after line {killed.lines_read:,} of an interrupted import." in out
    assert "6,000 new, 0 known, 0 refused" in out
    assert Ticket.objects.count() == Triage.objects.count() == 6_000
    assert Import.objects.get().state == ImportState.DONE


@pytest.mark.django_db(transaction=True)
def test_memory_does_not_grow_with_the_file_even_in_debug_mode(tmp_path: Path) -> None:
    small, large = (
        peak_bytes(numbered(tmp_path / f"{size}.jsonl", size * 10, description="x" * 100_000))
        for size in (4, 40)
    )

    assert large - small < 25 * MEGABYTE


def peak_bytes(path: Path) -> int:
    """The most memory that an import of `path` held."""
    child = processes.start("-c", MEASURED, str(path), DEBUG="1")
    output, _ = child.communicate(timeout=120)
    assert child.returncode == 0, output
    return int(output.split()[-1]) * 1_024
