"""Requests and findings that say only what a test is about."""

from triage.services.gateway.request import Request
from triage.services.masking.finding import find
from triage.services.masking.patterns import Rules


def a_request(*content: str, system: str = "Sort the ticket.") -> Request:
    return Request(system=system, content=content, max_tokens=100, prompt_version="p1")


def found(
    text: str, region: str = "US", patterns: tuple[tuple[str, str], ...] = ()
) -> list[tuple[str, str]]:
    """What is personal in `text`, as (kind, text)."""
    return [(each.kind, each.text) for each in find(text, Rules(patterns, region))]
