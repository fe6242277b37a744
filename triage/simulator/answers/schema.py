"""Writes JSON that fits any schema the rules let through, from the text of a request.

Closed lists of strings are judged; a later property with the same list is the runner-up.
`confidence` belongs to the first judged property of its object, `<name>_confidence` to `name`.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

from triage.simulator.answers import language
from triage.simulator.answers.scorer import Judgement, judge
from triage.simulator.rules.schemas import find_definition
from triage.simulator.wire import JsonObject

MAX_TEXT = 80  # characters of a string nothing is known about
SAMPLES = {
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "date": "2026-01-01",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class Judge(Protocol):
    """Ranks the values of a closed list, and names the language of the text."""

    def rank(self, values: tuple[str, ...], hint: str, /) -> Judgement:
        """The values, best first; `hint` is the property's own description."""

    def language(self) -> tuple[str, float]:
        """The two-letter code and a confidence."""


@dataclass(frozen=True, slots=True)
class ScoringJudge:
    """Judges by what the guide says."""

    guide: str
    text: str
    model_id: str
    is_weak: bool

    def rank(self, values: tuple[str, ...], hint: str) -> Judgement:
        """Rank by evidence."""
        guide = f"{self.guide}\n{hint}" if hint else self.guide
        return judge(
            self.text, guide=guide, values=values, model_id=self.model_id, is_weak=self.is_weak
        )

    def language(self) -> tuple[str, float]:
        """Detect by common words."""
        return language.detect(self.text)


class FixedJudge:
    """Always the first value, almost surely; for benchmarks."""

    def rank(self, values: tuple[str, ...], _hint: str) -> Judgement:
        """The values as they stand."""
        return Judgement(((values[0], 0.99), *((value, 0.005) for value in values[1:2])), ())

    def language(self) -> tuple[str, float]:
        """English."""
        return language.DEFAULT, 0.99


@dataclass(frozen=True, slots=True)
class Choice:
    """A judged value and the share it has; both None where there is no runner-up."""

    value: str | None
    share: float | None


@dataclass(slots=True)
class Scope:
    """The choices made within one object, in order."""

    choices: dict[str, Choice] = field(default_factory=dict)
    lists: list[tuple[frozenset[str], Judgement, int]] = field(default_factory=list)


@dataclass(slots=True)
class Writer:
    """One answer to one schema."""

    root: JsonObject
    judge: Judge
    text: str
    matched: tuple[str, ...] = ()

    def write(self) -> Any:
        """A value that fits the schema."""
        return self._value("", self.root, Scope())

    def _value(self, name: str, schema: JsonObject, scope: Scope) -> Any:
        node, is_nullable = self._resolve(schema)
        if name in scope.choices:
            return self._chosen(scope.choices[name], node, is_nullable)
        if "const" in node or "enum" in node:
            return node["const"] if "const" in node else node["enum"][0]
        kind = _type_of(node)
        if kind == "object":
            return self._object(node)
        if kind == "array":
            return self._array(node, scope)
        return self._plain(name, kind, node, is_nullable, scope)

    def _plain(
        self, name: str, kind: str, node: JsonObject, is_nullable: bool, scope: Scope
    ) -> str | float | bool | None:
        if kind in ("number", "integer"):
            return self._number(name, kind, is_nullable, scope)
        if kind == "string":
            return self._string(name, node)
        return False if kind == "boolean" else None

    def _object(self, node: JsonObject) -> JsonObject:
        """Required properties first, then optional ones, each in the order of the schema."""
        properties = node.get("properties", {})
        required = set(node.get("required", ()))
        names = sorted(properties, key=lambda name: name not in required)
        scope = Scope()
        for name in names:
            self._choose(name, properties[name], scope)
        return {name: self._value(name, properties[name], scope) for name in names}

    def _array(self, node: JsonObject, scope: Scope) -> list[Any]:
        return [self._value("", node.get("items", {}), scope)] if node.get("minItems") else []

    def _choose(self, name: str, schema: JsonObject, scope: Scope) -> None:
        node, _ = self._resolve(schema)
        values = tuple(value for value in node.get("enum", ()) if isinstance(value, str))
        if name == "language" and _type_of(node) == "string":
            code, share = self.judge.language()
            fits = not values or code in values
            scope.choices[name] = Choice(code, share) if fits else Choice(values[0], 0.2)
        elif len(values) > 1:
            hint = str(schema.get("description") or node.get("description") or "")
            scope.choices[name] = self._rank(values, hint, scope)

    def _rank(self, values: tuple[str, ...], hint: str, scope: Scope) -> Choice:
        """The best value, or the next best where an earlier property has the same list."""
        alike = frozenset(values)
        for n, (known, judgement, used) in enumerate(scope.lists):
            if known == alike:
                scope.lists[n] = (known, judgement, used + 1)
                return _nth(judgement, used)
        judgement = self.judge.rank(values, hint)
        self.matched = self.matched or judgement.matched
        scope.lists.append((alike, judgement, 1))
        return _nth(judgement, 0)

    def _chosen(self, choice: Choice, node: JsonObject, is_nullable: bool) -> str | None:
        if choice.value is None and not is_nullable:
            return str(node["enum"][0])
        return choice.value

    def _number(self, name: str, kind: str, is_nullable: bool, scope: Scope) -> float | None:
        owner = name.removesuffix("_confidence")
        if name == "confidence":
            owner = next(iter(scope.choices), "")
        choice = scope.choices.get(owner)
        if choice is None or kind == "integer":
            return 0
        if choice.share is None:
            return None if is_nullable else 0.0
        return round(choice.share, 3)

    def _string(self, name: str, node: JsonObject) -> str:
        if node.get("format") in SAMPLES:
            return SAMPLES[node["format"]]
        if name == "reason":
            return f"Matched: {', '.join(self.matched)}." if self.matched else "No words matched."
        return " ".join(self.text.split())[:MAX_TEXT]

    def _resolve(self, schema: JsonObject) -> tuple[JsonObject, bool]:
        """The schema behind references and unions, and whether null would do as well."""
        if "$ref" in schema:
            return self._resolve(find_definition(self.root, str(schema["$ref"])) or {})
        if "allOf" in schema:
            merged = dict(schema)
            for part in merged.pop("allOf"):
                merged |= self._resolve(part)[0]
            return self._resolve(merged)
        if "anyOf" in schema:
            options = [self._resolve(option)[0] for option in schema["anyOf"]]
            useful = [option for option in options if _type_of(option) != "null"]
            return (useful or options)[0], len(useful) < len(options)
        return schema, _allows_null(schema)


def _nth(judgement: Judgement, n: int) -> Choice:
    return Choice(*judgement.ranked[n]) if n < len(judgement.ranked) else Choice(None, None)


def _allows_null(node: JsonObject) -> bool:
    return "null" in (node.get("type") or ()) or None in node.get("enum", ())


def _type_of(node: JsonObject) -> str:
    named = node.get("type")
    if isinstance(named, list):
        return next((kind for kind in named if kind != "null"), "null")
    if named is None and any(isinstance(value, str) for value in node.get("enum", ())):
        return "string"
    return str(named or "null")
