"""`.env.example` lists every variable that is read, with a reason, and no other."""

import ast
import re
from collections.abc import Iterator

from config.embedded.session import NAMES
from tests.architecture.sources import python_files, tree
from tests.servers import ROOT

NAME = re.compile(r"[A-Z][A-Z0-9_]+")
ENTRY = re.compile(r"#?(?P<name>[A-Z][A-Z0-9_]+)=")
ENVIRONMENTS = {"env", "environ", "environment", "filled", "_environment"}
# Variables of the system, none of ours to set.
OF_THE_SYSTEM = {
    "PATH": "programs are looked for there",
    "XDG_RUNTIME_DIR": "the user's private folder for sockets",
}


def example_lines() -> list[str]:
    return (ROOT / ".env.example").read_text().splitlines()


def listed() -> list[str]:
    return [found["name"] for line in example_lines() if (found := ENTRY.match(line))]


def read_in_config() -> set[str]:
    """Names in `env.int("NAME", …)`, `environment.get("NAME")` and `os.environ["NAME"]`."""
    return {name for path in python_files("config") for name in _read_in(tree(path))} | set(NAMES)


def _read_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            key, owner = next(iter(node.args), node.func), node.func.value
            is_read = node.func.attr != "setdefault"
        elif isinstance(node, ast.Subscript):
            key, owner = node.slice, node.value
            is_read = isinstance(node.ctx, ast.Load)
        else:
            continue
        name = str(key.value) if isinstance(key, ast.Constant) else ""
        if is_read and NAME.fullmatch(name) and _last_name(owner) in ENVIRONMENTS:
            yield name


def _last_name(node: ast.expr) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")


def test_the_guard_sees_the_variables_that_are_certainly_read() -> None:
    assert {"DEBUG", "PORT", "DATABASE_URL", "TRIAGE_CLAIM_SECONDS"} <= read_in_config()


def test_every_variable_that_is_read_stands_in_the_example() -> None:
    assert read_in_config() - set(OF_THE_SYSTEM) - set(listed()) == set()


def test_every_variable_of_the_example_is_read() -> None:
    assert set(listed()) - read_in_config() == set()


def test_no_variable_stands_there_twice() -> None:
    assert sorted(listed()) == sorted(set(listed()))


def test_every_variable_has_a_reason_above_it() -> None:
    lines = example_lines()
    for number, line in enumerate(lines):
        if not ENTRY.match(line):
            continue
        above = next(text for text in reversed(lines[:number]) if not ENTRY.match(text))

        assert above.startswith("# "), line


def test_the_example_sets_nothing_and_holds_no_secret() -> None:
    assert [line for line in example_lines() if line and not line.startswith("#")] == []
    keys = [line for line in example_lines() if "KEY=" in line or "PASSWORD=" in line]
    assert all(line.endswith("=") for line in keys)
