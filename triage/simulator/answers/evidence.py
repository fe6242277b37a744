"""What a guide says about each value of a closed list.

Counted as evidence for the value `v`: the content of any element with an attribute equal to `v`
(`<label name="v">...</label>`), lines that begin with `v:`, `- v:` or `- v -`, and the words `v`
itself is made of. Passages marked as exclusions are not evidence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from triage.simulator.answers.reading import plain

OPEN = re.compile(r"<([A-Za-z][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))+)\s*(/?)>")
ATTRIBUTE = re.compile(r"[\w:.-]+\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
EXAMPLE = re.compile(r"<(example)\b[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
EXCLUSION = re.compile(r"<(not|exclu\w*|except\w*)\b[^>]*>.*?</\1>", re.DOTALL | re.IGNORECASE)
DASHES = "\u2013\u2014"  # en dash, em dash
LINE = re.compile(
    r"^[ \t]*(?:[-*\u2022][ \t]+)?[`\"'*]*"  # a bullet, an opening quote
    rf"([^\n:`\"*{DASHES}]{{1,80}}?)[`\"'*]*"  # the value
    rf"(?::|[ \t][-{DASHES}])[ \t]+(\S.*)$",  # a colon or a dash, and what is said of it
    re.MULTILINE,
)
SEPARATORS = re.compile(r"[_\-/\s.]+")


@dataclass(slots=True)
class Evidence:
    """The texts that speak for one value."""

    value: str
    descriptions: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The value's own words."""
        return SEPARATORS.sub(" ", self.value)

    @property
    def is_documented(self) -> bool:
        """Whether the guide says anything about the value."""
        return bool(self.descriptions or self.examples)


def gather(guide: str, values: tuple[str, ...]) -> tuple[Evidence, ...]:
    """The evidence for each value, in the order of `values`."""
    found = {value.casefold(): Evidence(value) for value in values}
    for tag, attributes, content in _elements(guide):
        for value in attributes:
            if evidence := found.get(value.casefold()):
                _add_element(evidence, tag, attributes, content)
    for match in LINE.finditer(guide):
        if evidence := found.get(match[1].strip().casefold()):
            evidence.descriptions.append(plain(match[2]))
    return tuple(found[value.casefold()] for value in values)


def _elements(guide: str) -> Iterator[tuple[str, list[str], str]]:
    """Each element that has attributes: its tag, their values, and its content."""
    for match in OPEN.finditer(guide):
        pairs = ATTRIBUTE.findall(match[2])
        attributes = [plain(double or single) for double, single in pairs]
        content = "" if match[3] else _content(guide, match[1], match.end())
        yield match[1], attributes, content


def _content(guide: str, tag: str, start: int) -> str:
    """The text up to the tag that closes the element, past nested ones of its name."""
    depth = 1
    for match in re.compile(rf"<(/?){re.escape(tag)}\b[^>]*?(/?)>").finditer(guide, start):
        depth += -1 if match[1] else (0 if match[2] else 1)
        if depth == 0:
            return guide[start : match.start()]
    return ""


def _add_element(evidence: Evidence, tag: str, attributes: list[str], content: str) -> None:
    content = EXCLUSION.sub(" ", content)
    if tag.casefold() == "example":
        evidence.examples.append(plain(content))
        return
    evidence.examples += [plain(text) for _, text in EXAMPLE.findall(content)]
    others = [text for text in attributes if text.casefold() != evidence.value.casefold()]
    evidence.descriptions += [*others, plain(EXAMPLE.sub(" ", content))]
