"""A candidate's shadow as the automation page tells it."""

from collections.abc import Iterator

from django.conf import settings

from triage.admin.formats import count
from triage.models import LocalModel, LocalModelState
from triage.services.evaluation.learning import shadowing
from triage.services.evaluation.learning.shadow import Outcome


def sentences(row: LocalModel) -> Iterator[str]:
    """What its shadow has shown; of one that goes on first since when. One query for such a one, else none."""
    kept = shadowing.of(row)
    if kept is None:
        return
    if kept.outcome is not Outcome.GOES_ON:
        yield from kept.words
    elif row.state == LocalModelState.CANDIDATE:
        yield (
            f"In shadow since {kept.began:%-d %B %Y, %H:%M} UTC, {count(shadowing.count(kept))} tickets so far; it lasts at least"
            " a day, and then a night promotes it or says why not."
        )
        yield from kept.words


def trust_remark(row: LocalModel) -> str:
    """Where its trust in Claude's models counts for nothing here, why; else ""."""
    is_simulated = row.certificate.get("is_simulated", settings.TRIAGE_SIMULATOR)
    if is_simulated == settings.TRIAGE_SIMULATOR:
        return ""
    whose = "the simulator’s answers" if is_simulated else "real answers"
    return f", which counts for nothing here: it was fitted on {whose}"
