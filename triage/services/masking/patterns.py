"""The installation's own patterns, read anew every few seconds. RE2 takes linear time, whatever an admin writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import re2
import structlog
from django.conf import settings

from triage.exceptions import InvalidInput
from triage.models import MaskingPattern
from triage.services.masking.reading import Span

log = structlog.get_logger(__name__)

REREAD_SECONDS = 5.0

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # they are raised; this would print them too


@dataclass(frozen=True, slots=True)
class Rules:
    """What is looked for beside what every installation masks: its patterns as (name, RE2), and whose phone numbers."""

    patterns: tuple[tuple[str, str], ...]
    phone_region: str


class _Known:
    """The patterns as this process last read them."""

    patterns: tuple[tuple[str, str], ...] = ()
    until = 0.0


def rules_in_force() -> Rules:
    """What is looked for now. At most one query every few seconds."""
    if monotonic() >= _Known.until:
        _Known.patterns = tuple(pair for pair in _read() if _is_sound(pair))
        _Known.until = monotonic() + REREAD_SECONDS
    return Rules(_Known.patterns, settings.TRIAGE_PHONE_REGION)


def forget() -> None:
    """Read the patterns anew at the next call."""
    _Known.until = 0.0


def check_pattern(pattern: str) -> None:
    """Raises InvalidInput for `pattern` where RE2 cannot read it, or where it stands for an empty text too."""
    try:
        is_everywhere = _compiled(pattern).search("") is not None
    except re2.error as error:
        raise InvalidInput("pattern", f"RE2 cannot read it: {_in_words(error)}") from None
    if is_everywhere:
        raise InvalidInput("pattern", "it matches an empty text too, so it would stand everywhere")


def hits(pattern: str, text: str) -> Iterator[Span]:
    """Where a sound `pattern` stands in `text`."""
    for found in _compiled(pattern).finditer(text):
        if found.group():
            yield found.span()


def _compiled(pattern: str) -> Any:
    """Kept by the package, the last 128 of them."""
    return re2.compile(pattern, options=_OPTIONS)


def _read() -> list[tuple[str, str]]:
    active = MaskingPattern.objects.filter(is_active=True).order_by("name")
    return list(active.values_list("name", "pattern"))


def _is_sound(pair: tuple[str, str]) -> bool:
    """Whether it can be searched for. Forms let no other in; one that came past them must not stop all triage."""
    try:
        check_pattern(pair[1])
    except InvalidInput as error:
        log.error("a masking pattern is left out", pattern=pair[0], error=error.message)
        return False
    return True


def _in_words(error: Exception) -> str:
    """RE2 words its errors as bytes."""
    (said,) = error.args or ("",)
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
