"""Figures and codes in the words that the pages use."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import get_language_info

from triage.services.gateway.catalog import name_of
from triage.types import usd

register = template.Library()

CONFIDENCE_WORDS = ((0.95, "very sure"), (0.85, "sure"), (0.70, "fairly sure"), (0.50, "unsure"))
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@register.filter
def percent(confidence: float | None) -> str:
    """`0.846` as "84 %": rounded down, so that it never looks like a threshold it has not reached."""
    return "" if confidence is None else f"{int(confidence * 100 + 1e-9)} %"


@register.filter
def sureness(confidence: float | None) -> str:
    """A confidence in words with its figure: "fairly sure, 78 %"."""
    if confidence is None:
        return "no confidence given"
    word = next((word for least, word in CONFIDENCE_WORDS if confidence >= least), "guessing")
    return f"{word}, {percent(confidence)}"


@register.filter
def dollars(nanousd: int | None) -> str:
    """Nano-dollars as exact dollars, with cents at least: "$0.000142", "$1.50"."""
    if nanousd is None:
        return ""
    whole, _, fraction = f"{usd(nanousd):,.9f}".partition(".")
    return f"${whole}.{fraction.rstrip('0').ljust(2, '0')}"


@register.filter
def seconds(milliseconds: int | None) -> str:
    """A latency: "840 ms", "1.3 s"."""
    if milliseconds is None:
        return "–"
    return (
        f"{milliseconds} ms" if milliseconds < 1_000 else f"{Decimal(milliseconds) / 1_000:.1f} s"
    )


@register.filter
def age(moment: datetime) -> str:
    """How long ago, in one unit: "now", "12 min", "5 h", "3 d", then the date."""
    passed = int((timezone.now() - moment).total_seconds())
    if passed < MINUTE:
        return "now"
    if passed < HOUR:
        return f"{passed // MINUTE} min"
    if passed < DAY:
        return f"{passed // HOUR} h"
    if passed < 14 * DAY:
        return f"{passed // DAY} d"
    is_this_year = moment.year == timezone.now().year
    return f"{moment.day} {moment:%b}" if is_this_year else f"{moment.day} {moment:%b %Y}"


@register.filter
def bounded(count: int, stop: int) -> str:
    """A count that is known up to `stop`: "41", "1,000+"."""
    return f"{stop:,}+" if count > stop else f"{count:,}"


@register.filter
def model_name(model: str) -> str:
    """ "Haiku 5.5" for a model's id."""
    return name_of(model) if model else ""


@register.filter
def language_name(code: str) -> str:
    """ "French" for "fr"; the code itself where nobody knows it."""
    try:
        return str(get_language_info(code)["name"])
    except KeyError:
        return code.upper()


@register.filter
def hundredths(share: float | None) -> int:
    """A share of 0 to 1 as a whole number of 0 to 100, for a bar's width."""
    return 0 if share is None else round(share * 100)


@register.filter
def short(digest: str) -> str:
    """The first eight characters of a hash: enough to tell two apart."""
    return digest[:8]


@register.filter
def thousands(number: int) -> str:
    """A count with separators: "12,345"."""
    return f"{number:,}"


@register.filter
def initials(name: object) -> str:
    """ "AR" for "Ana Ruiz", "A" for "ana@example.com": enough to tell colleagues apart in a row."""
    words = str(name).split("@", maxsplit=1)[0].replace(".", " ").split()
    return "".join(
        word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)
    ).upper()


@register.filter
def of(found: Mapping[Any, Any], key: object) -> Any:
    """A mapping's value, None where there is none."""
    return found.get(key)


@register.filter
def pretty(value: Any) -> str:
    """JSON for people to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)
