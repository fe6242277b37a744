"""mask(): a request in which placeholders stand for personal data, and the way back.

A placeholder is numbered by first appearance in the request's content, equal texts alike. So two tickets that differ in
nothing but a phone number make equal requests, and a thread that has grown keeps the numbers of its older part. The system
prompt gets placeholders without a number: it is the same for all calls of a version, and nothing of it is ever restored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from django.conf import settings

from triage.services.gateway.request import Request
from triage.services.masking.finding import Found, find
from triage.services.masking.patterns import Rules, rules_in_force
from triage.services.masking.restoring import PLACEHOLDER, Restorer, restored


@dataclass(frozen=True, slots=True)
class Masked:
    """A request as it may leave the house. `originals` is what each placeholder of it stands for."""

    request: Request
    originals: Mapping[str, str] = field(repr=False)  # a log that shows this shows no address

    def restore(self, text: str) -> str:
        """`text` with the originals in the place of this request's placeholders; others stay as they are."""
        return restored(text, self.originals)

    def restorer(self) -> Restorer:
        """The same for a text that comes in pieces, cut anywhere."""
        return Restorer(self.originals)


class _Numbers:
    """The placeholders of one request. What a customer has typed that looks like one is counted past."""

    def __init__(self, request: Request) -> None:
        texts = (request.system, *request.content)
        self._typed = {typed for text in texts for typed in PLACEHOLDER.findall(text)}
        self._given: dict[tuple[str, str], str] = {}
        self._last: dict[str, int] = {}

    def placeholder(self, found: Found) -> str:
        key = (found.kind, found.text)
        if key not in self._given:
            self._given[key] = self._next(found.kind)
        return self._given[key]

    @property
    def originals(self) -> dict[str, str]:
        return {placeholder: text for (_, text), placeholder in self._given.items()}

    def _next(self, kind: str) -> str:
        while True:
            self._last[kind] = self._last.get(kind, 0) + 1
            placeholder = f"[{kind}_{self._last[kind]}]"
            if placeholder not in self._typed:
                return placeholder


def mask(request: Request) -> Masked:
    """`request` with placeholders for personal data; itself where TRIAGE_MASKING is off.

    Reads the installation's patterns now and then.
    """
    if not settings.TRIAGE_MASKING:
        return Masked(request, {})
    rules, numbers = rules_in_force(), _Numbers(request)
    content = tuple(_replaced(text, rules, numbers.placeholder) for text in request.content)
    return Masked(
        replace(request, system=_masked_prefix(request.system, rules), content=content),
        numbers.originals,
    )


def masked_text(text: str) -> str:
    """`text` as Claude would get it, whether or not TRIAGE_MASKING is on."""
    numbers = _Numbers(Request(system="", content=(text,), max_tokens=0))
    return _replaced(text, rules_in_force(), numbers.placeholder)


@lru_cache(maxsize=16)
def _masked_prefix(system: str, rules: Rules) -> str:
    """Long, and the same for all calls of a version: searched once."""
    return _replaced(system, rules, lambda found: f"[{found.kind}]")


def _replaced(text: str, rules: Rules, placeholder: Callable[[Found], str]) -> str:
    parts, end = [], 0
    for found in find(text, rules):
        parts += [text[end : found.start], placeholder(found)]
        end = found.start + len(found.text)
    return "".join([*parts, text[end:]])
