"""find(): every piece of personal data in a text, none overlapping another."""

from collections.abc import Iterator
from dataclasses import dataclass

from triage.services.masking import emails, numbers, phones
from triage.services.masking.patterns import Rules, hits
from triage.services.masking.reading import Reading, Span


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data: what it is, where it begins, and how it is written."""

    kind: str
    start: int
    text: str


def find(text: str, rules: Rules) -> list[Found]:
    """What is personal in `text`, in its order. Of two that overlap the longer one stands."""
    reading = Reading.of(text)
    kept: list[tuple[Span, str]] = []
    is_taken = bytearray(len(reading.plain))
    for span, kind in sorted(_candidates(reading.plain, rules), key=_length, reverse=True):
        start, end = span
        if not any(is_taken[start:end]):
            is_taken[start:end] = b"\1" * (end - start)
            kept.append((span, kind))
    return [_found(text, reading.in_text(span), kind) for span, kind in sorted(kept)]


def _candidates(plain: str, rules: Rules) -> Iterator[tuple[Span, str]]:
    """In the order in which they win over others of the same length."""
    for name, pattern in rules.patterns:
        yield from ((span, name) for span in hits(pattern, plain))
    yield from ((span, "EMAIL") for span in emails.spans(plain))
    if any(each.isdigit() for each in plain):
        yield from ((span, "IBAN") for span in numbers.ibans(plain))
        yield from ((span, "CARD") for span in numbers.cards(plain))
        yield from ((span, "PHONE") for span in phones.spans(plain, rules.phone_region))


def _length(candidate: tuple[Span, str]) -> int:
    (start, end), _ = candidate
    return end - start


def _found(text: str, span: Span, kind: str) -> Found:
    start, end = span
    return Found(kind, start, text[start:end])
