"""The limits of structured output: which JSON schemas a request may ask for.

Source: the public structured-outputs page: keywords, 24 optional parameters, 16 union-typed
parameters, 20 strict tools, no recursion, no external references.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import UnionType
from typing import Any

from triage.simulator.errors import invalid
from triage.simulator.wire import JsonObject

FORMAT = "output_config.format"
MAX_OPTIONAL, MAX_UNIONS, MAX_STRICT_TOOLS = 24, 16, 20
TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
STRING_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
ANNOTATIONS = frozenset({"title", "description", "default", "$schema", "$defs", "definitions"})
STRUCTURE = frozenset({"type", "enum", "const", "anyOf", "allOf", "$ref"})
BY_TYPE = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems"}),
    "string": frozenset({"format", "pattern"}),
}
SHAPES: dict[str, tuple[type | UnionType, str]] = {
    "type": (str | list, "a string or a list"),
    "enum": (list, "a list"),
    "anyOf": (list, "a list"),
    "allOf": (list, "a list"),
    "$ref": (str, "a string"),
    "properties": (dict, "an object"),
    "required": (list, "a list"),
    "minItems": (int, "an integer"),
    "format": (str, "a string"),
    "pattern": (str, "a string"),
    "$defs": (dict, "an object"),
    "definitions": (dict, "an object"),
}
LOOKAROUND = re.compile(r"\(\?<?[=!]|\\[1-9]|\(\?P=")


def check_schemas(body: JsonObject) -> None:
    """Refuse an output format or a strict tool whose schema is beyond the limits (400)."""
    asked = (body.get("output_config") or {}).get("format")
    if asked is not None:
        _check_format(asked)
    strict = [tool for tool in body.get("tools") or () if tool.get("strict")]
    if len(strict) > MAX_STRICT_TOOLS:
        raise invalid(f"tools: at most {MAX_STRICT_TOOLS} strict tools are allowed")
    for tool in body.get("tools") or ():
        path = f"tools.{tool['name']}.input_schema"
        _Walk(path, tool["input_schema"], is_limited=bool(tool.get("strict"))).run()


def _check_format(asked: object) -> None:
    if not isinstance(asked, dict) or asked.get("type") != "json_schema":
        raise invalid(f"{FORMAT}.type: Input should be 'json_schema'")
    if not isinstance(asked.get("schema"), dict):
        raise invalid(f"{FORMAT}.schema: Field required")
    for name in asked:
        if name not in ("type", "schema"):
            raise invalid(f"{FORMAT}.{name}: Extra inputs are not permitted")
    _Walk(f"{FORMAT}.schema", asked["schema"]).run()


@dataclass(slots=True)
class _Walk:
    """One pass over a schema that counts what is limited as a whole.

    Without `is_limited` only what is no schema at all, or has no end, is refused.
    """

    path: str
    root: JsonObject
    is_limited: bool = True
    optional: int = 0
    unions: int = 0
    open_refs: list[str] = field(default_factory=list)

    def run(self) -> None:
        self.visit(self.root)
        if self.optional > MAX_OPTIONAL:
            raise self.refuse(f"at most {MAX_OPTIONAL} optional parameters, found {self.optional}")
        if self.unions > MAX_UNIONS:
            raise self.refuse(f"at most {MAX_UNIONS} union-typed parameters, found {self.unions}")

    def refuse(self, message: str) -> Exception:
        return invalid(f"{self.path}: {message}")

    def visit(self, node: object) -> None:
        if not isinstance(node, dict):
            raise self.refuse("every schema must be an object")
        self._check_shapes(node)
        if self.is_limited:
            self._check_limits(node)
        self._follow(node)

    def _check_limits(self, node: JsonObject) -> None:
        if not STRUCTURE & node.keys():
            raise self.refuse("a schema needs one of type, enum, const, anyOf, allOf, $ref")
        self._check_keywords(node)
        self._check_literals(node)
        for kind in self._types(node):
            self._check_type(kind, node)

    def _check_shapes(self, node: JsonObject) -> None:
        for name, (shape, says) in SHAPES.items():
            if name in node and not isinstance(node[name], shape):
                raise self.refuse(f"'{name}' must be {says}")
        for name in ("type", "required"):
            if not all(isinstance(item, str) for item in node.get(name, ())):
                raise self.refuse(f"'{name}' must hold strings")
        for name in ("type", "enum", "anyOf", "allOf"):
            if name in node and not node[name]:
                raise self.refuse(f"'{name}' must not be empty")

    def _types(self, node: JsonObject) -> list[str]:
        named = node.get("type", [])
        kinds = [named] if isinstance(named, str) else list(named)
        for kind in kinds:
            if kind not in TYPES:
                raise self.refuse(f"unknown type {kind!r}")
        if len(kinds) > 1 or "anyOf" in node:
            self.unions += 1
        return kinds

    def _check_keywords(self, node: JsonObject) -> None:
        named = node.get("type", [])
        kinds = [named] if isinstance(named, str) else list(named)
        allowed = ANNOTATIONS | STRUCTURE
        for kind in kinds:
            allowed = allowed | BY_TYPE.get(kind, frozenset())
        for name in node:
            if name not in allowed:
                says = "/".join(kinds) or "this"
                raise self.refuse(f"For '{says}' type, property '{name}' is not supported")

    def _check_literals(self, node: JsonObject) -> None:
        for value in (*node.get("enum", ()), node.get("const")):
            if isinstance(value, dict | list):
                raise self.refuse("'enum' and 'const' may only hold primitive values")

    def _check_type(self, kind: str, node: JsonObject) -> None:
        if kind == "object":
            self._check_object(node)
        if kind == "array" and node.get("minItems", 0) not in (0, 1):
            raise self.refuse(
                "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
            )
        if kind == "string":
            self._check_string(node)

    def _check_object(self, node: JsonObject) -> None:
        if node.get("additionalProperties") is not False:
            raise self.refuse(
                "For 'object' type, 'additionalProperties' must be explicitly set to false"
            )
        properties = node.get("properties", {})
        required = set(node.get("required", ()))
        if unknown := sorted(required - properties.keys()):
            raise self.refuse(f"'required' names unknown properties: {', '.join(unknown)}")
        self.optional += len(properties.keys() - required)

    def _check_string(self, node: JsonObject) -> None:
        if "format" in node and node["format"] not in STRING_FORMATS:
            raise self.refuse(f"string format {node['format']!r} is not supported")
        if LOOKAROUND.search(node.get("pattern", "")):
            raise self.refuse("'pattern' may not use lookaround or back-references")

    def _follow(self, node: JsonObject) -> None:
        for child in _children(node):
            self.visit(child)
        if "$ref" in node:
            self._visit_reference(node["$ref"])

    def _visit_reference(self, name: str) -> None:
        target = find_definition(self.root, name)
        if target is None:
            raise self.refuse(f"'$ref' {name!r} is external or unknown")
        if name in self.open_refs:
            raise self.refuse(f"recursive schemas are not supported ({name})")
        self.open_refs.append(name)
        self.visit(target)
        self.open_refs.pop()


def find_definition(root: JsonObject, name: str) -> JsonObject | None:
    """The schema a local `$ref` points at, or None when it points elsewhere."""
    parts = name.split("/")
    if len(parts) != 3 or parts[0] != "#" or parts[1] not in ("$defs", "definitions"):
        return None
    found = root.get(parts[1], {}).get(parts[2])
    return found if isinstance(found, dict) else None


def _children(node: JsonObject) -> Iterator[Any]:
    yield from node.get("properties", {}).values()
    for name in ("anyOf", "allOf"):
        yield from node.get(name, ())
    if "items" in node:
        yield node["items"]
