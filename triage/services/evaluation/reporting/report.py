"""One evaluation's results as a file that opens anywhere: no script, nothing from outside, the pictures drawn inside."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from triage.exceptions import InvalidInput
from triage.models import Evaluation
from triage.services.evaluation.reporting.markup import write
from triage.services.evaluation.reporting.sections import SIMULATED, chapters

STYLES = (Path("static/admin_pages/evaluations.css"), Path("static/evaluations/report.css"))
WHEN = "%-d %B %Y, %H:%M UTC"


def as_html(evaluation: Evaluation) -> str:
    """The same sections as on its page.

    Raises:
        InvalidInput: It has no results yet.
    """
    if evaluation.results is None:
        raise InvalidInput("evaluation", "it has no results yet")
    return format_html(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>{0}</title>\n<style>\n{1}</style>\n</head>\n"
        '<body class="pages">\n<header><h1>{0}</h1><p class="pages-quiet">{2}</p>{3}</header>\n'
        "<main>\n{4}\n</main>\n</body>\n</html>\n",
        evaluation.name,
        _style(),
        _origin(evaluation),
        _warning(evaluation.results),
        write(chapters(evaluation.results), is_live=False),
    )


def _style() -> SafeString:
    """Of files of our own, which hold no end tag."""
    found = "".join((settings.BASE_DIR / path).read_text() for path in STYLES)
    return mark_safe(found)  # noqa: S308


def _warning(results: Mapping[str, Any]) -> SafeString:
    if not results.get("is_simulated"):
        return SafeString("")
    return format_html('<p class="pages-note pages-note-warning">{}</p>', SIMULATED)


def _origin(evaluation: Evaluation) -> str:
    source = evaluation.get_source_display()
    named = f"{source}: {evaluation.source_name}" if evaluation.source_name else source
    way = "asked in batches" if evaluation.is_batch else "asked live"
    when = f", {evaluation.finished_at.strftime(WHEN)}" if evaluation.finished_at else ""
    return f"Triage, evaluation {evaluation.pk}. {named}, {way}{when}."
