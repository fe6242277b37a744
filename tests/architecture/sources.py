"""The project's own files, as guards read them: no virtual environment, no caches, no state."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.servers import ROOT

FOREIGN = {".git", ".venv", "var", "__pycache__", "staticfiles", "node_modules", ".hypothesis"}
PRODUCT = ("accounts", "config", "triage")


def python_files(*folders: str) -> Iterator[Path]:
    """The Python files below these folders (or these files), migrations left out."""
    for folder in folders:
        top = ROOT / folder
        found = [top] if top.is_file() else sorted(top.rglob("*.py"))
        yield from (path for path in found if "migrations" not in path.parts)


def project_files() -> Iterator[Path]:
    """Every file that may be committed."""
    yield from _below(ROOT)


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in FOREIGN or path.name.endswith("_cache") or path.name == ".env":
            continue
        if path.is_dir():
            yield from _below(path)
        else:
            yield path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, `from x import y` as x and as x.y."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def imports_any(path: Path, modules: set[str]) -> set[str]:
    """Those of `modules` that a file imports, or something inside of them."""
    found = imports_of(path)
    return {m for m in modules if any(name == m or name.startswith(f"{m}.") for name in found)}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
