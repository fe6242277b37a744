"""What stands in the project's files: no path of one machine, no index, no borrowed data, no module without a word on itself."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.architecture.sources import PRODUCT, project_files, python_files, relative, tree
from tests.servers import ROOT

# Written in pieces, so that this file does not hold what it looks for.
HOSTS = re.compile(r"py" + r"pi\.org|python" + r"hosted\.|registry\.npm" + r"js|deb\.deb" + "ian")
OWN_PATHS = re.compile(
    "(?:^|[^A-Za-z0-9_.-])/(?:" + "wo" + "rk|" + "ro" + r"ot|tmp/[a-z_]+_jobs)(?:/|\b)"
)
DATA = {".jsonl", ".csv", ".tsv", ".parquet", ".sqlite3"}
DATA_OF_OURS = {"triage/demo/tickets.jsonl": "the invented help desk of the demo"}
LARGEST_BYTES = 900_000
LONGEST_LINES = 400


def texts() -> list[tuple[str, str]]:
    """Name and content of every text file."""
    found = []
    for path in project_files():
        try:
            found.append((relative(path), path.read_text()))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("pattern", [HOSTS, OWN_PATHS], ids=["package hosts", "machine's paths"])
def test_no_file_names_a_place_of_one_machine(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []


def test_no_data_set_is_committed_but_our_own() -> None:
    found = {relative(path) for path in project_files() if path.suffix in DATA}

    assert found == set(DATA_OF_OURS)


def test_no_file_is_large() -> None:
    assert [relative(p) for p in project_files() if p.stat().st_size > LARGEST_BYTES] == []


def test_no_file_of_the_product_is_too_long_to_be_read_in_one_go() -> None:
    pages = [p for p in project_files() if p.suffix in {".html", ".js", ".css"}]
    lengths = {
        relative(path): len(path.read_text().splitlines())
        for path in [*python_files(*PRODUCT, "bench"), *pages]
    }

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_LINES} == {}


def says_what_it_is(path: Path) -> bool:
    return not tree(path).body or bool(ast.get_docstring(tree(path)))


def test_every_module_of_the_product_says_what_it_is() -> None:
    silent = [p for p in python_files("triage") if not says_what_it_is(p)]

    assert [relative(path) for path in silent] == []


def test_the_migrations_are_up_to_date_with_the_models(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_migration_is_named_for_what_it_does() -> None:
    names = [path.stem for path in ROOT.glob("*/migrations/0*.py")]

    assert [name for name in names if re.search(r"_auto_|_alter_.*_and_more", name)] == []
