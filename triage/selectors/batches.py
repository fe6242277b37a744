"""Batches with what became of their lines."""

from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject

from triage.models import Attempt, Batch, Certainty


@dataclass(frozen=True, slots=True)
class Lines:
    """How many lines of a batch stand how, and what they cost or hold together."""

    by_certainty: dict[Certainty, int]
    cost_nanousd: int


def with_lines(batches: QuerySet[Batch]) -> QuerySet[Batch]:
    """The rows with `line_sums` for `lines_of`: one look-up by index for each row that is read."""
    counts = {
        certainty.value: Count("id", filter=Q(certainty=certainty)) for certainty in Certainty
    }
    of_batch = Attempt.objects.filter(batch=OuterRef("pk")).order_by().values("batch")
    said = of_batch.annotate(said=JSONObject(cost=Sum("cost_nanousd"), **counts)).values("said")
    return batches.annotate(line_sums=Subquery(said))


def lines_of(batch: Batch) -> Lines:
    """What `with_lines` read."""
    sums = getattr(batch, "line_sums", None) or {}
    found = {certainty: sums.get(certainty.value, 0) for certainty in Certainty}
    return Lines({name: n for name, n in found.items() if n}, sums.get("cost", 0))
