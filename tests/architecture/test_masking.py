"""No request leaves the house unmasked: who builds one masks it on the spot, and who asks asks with a masked one."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import imports_of, python_files, relative, tree

GATEWAY = "triage.services.gateway"
DOORS = {"ask", "stream", "find_stored", "prepare", "Line"}  # what takes a request to Claude
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    """The product without the gateway, which is below masking, and the simulator, which is Claude."""
    outside = {"gateway", "simulator", "masking"}
    return [path for path in python_files("triage") if not outside & set(path.parts)]


def functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, Function)]


def calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call in `node` with the name of what is called, without what it is an attribute of."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            yield getattr(each.func, "attr", "") or getattr(each.func, "id", ""), each


def called(node: ast.AST) -> set[str]:
    return {name for name, _ in calls(node)}


def builders() -> dict[str, Path]:
    """Functions that make a Request, themselves or by another of their module, and where they are."""
    found: dict[str, Path] = {}
    for path in modules():
        names = (name for name in imports_of(path) if name.startswith(GATEWAY))
        if not any(name.endswith(".Request") for name in names):
            continue
        makers = {"Request"}
        for _ in functions(path):
            makers |= {each.name for each in functions(path) if called(each) & makers}
        found |= dict.fromkeys(makers - {"Request"}, path)
    return found


def doors_of(path: Path) -> list[ast.Call]:
    """The calls in a module that hand a request to the gateway."""
    named = {name.rpartition(".")[2] for name in imports_of(path) if name.startswith(GATEWAY)}
    return [
        call
        for name, call in calls(tree(path))
        if name in DOORS and (name in named or _is_of_gateway(call.func))
    ]


def _is_of_gateway(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and ast.unparse(function.value).endswith("gateway")


def askers() -> list[Path]:
    return [path for path in modules() if doors_of(path)]


def test_the_guard_sees_who_certainly_builds_and_asks() -> None:
    assert {"build_request", "compose"} <= set(builders())
    assert {
        "triage/services/classification/cascade.py",
        "triage/services/classification/batching.py",
        "triage/services/drafts/writing.py",
    } <= set(map(relative, askers()))


def test_who_builds_a_request_for_asking_masks_it_in_the_same_function() -> None:
    makers = builders()
    unmasked = [
        f"{relative(path)}: {each.name}"
        for path in modules()
        for each in functions(path)
        for name in called(each) & set(makers)
        if path != makers[name] and "mask" not in called(each)
    ]

    assert unmasked == []


def test_who_asks_masks_and_builds_no_request_of_its_own() -> None:
    makers = set(builders().values())

    assert [relative(path) for path in askers() if "mask" not in called(tree(path))] == []
    assert [relative(path) for path in askers() if path in makers] == []


def test_ask_and_stream_get_the_request_of_something_masked() -> None:
    asked = [
        ast.unparse(call.args[0])
        for path in askers()
        for call in doors_of(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"ask", "stream"}
    ]

    assert asked
    assert [request for request in asked if not request.endswith("masked.request")] == []
