"""The sections of an evaluation's results, as its page includes them."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from triage.services.evaluation.reporting.markup import write
from triage.services.evaluation.reporting.sections import chapters

register = template.Library()


@register.filter
def sections(results: Mapping[str, Any], tickets_address: str) -> SafeString:
    """The stored results as HTML; their cells lead to `tickets_address`, where the tickets behind them are listed."""
    return write(chapters(results, tickets_address=tickets_address), is_live=True)
