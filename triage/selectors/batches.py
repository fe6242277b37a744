"""Batches with what became of their lines.

A line whose cost is known or none is never edited, so what such lines add up to is final. These sums are kept in the cache, and a
page of the list reads the lines of the other batches alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from django.core.cache import cache
from django.db.models import Count, Sum

from triage.models import Attempt, Batch, Certainty

KEPT_SECONDS = 30 * 24 * 3600
ATTRIBUTE = "read_lines"  # of a batch, once they are read
FINAL = {Certainty.KNOWN, Certainty.NONE}


@dataclass(frozen=True, slots=True)
class Lines:
    """How many lines of a batch stand how, and what they cost or hold together."""

    by_certainty: dict[Certainty, int]
    cost_nanousd: int

    def are_final_in(self, batch: Batch) -> bool:
        """Whether all of its lines are there and are history."""
        is_whole = sum(self.by_certainty.values()) == batch.lines
        return is_whole and self.by_certainty.keys() <= FINAL


def with_lines(batches: Sequence[Batch]) -> None:
    """Read what `lines_of` gives for each of these, in one query at most."""
    kept = cache.get_many([_key(batch) for batch in batches])
    known = {batch.pk: Lines(*kept[_key(batch)]) for batch in batches if _key(batch) in kept}
    rest = [batch for batch in batches if batch.pk not in known]
    found = _summed(rest) if rest else {}
    final = [batch for batch in rest if found[batch.pk].are_final_in(batch)]
    if final:
        cache.set_many({_key(each): astuple(found[each.pk]) for each in final}, KEPT_SECONDS)
    for batch in batches:
        setattr(batch, ATTRIBUTE, known.get(batch.pk) or found[batch.pk])


def lines_of(batch: Batch) -> Lines:
    """What became of its lines; a query at most where `with_lines` has not read it."""
    if not hasattr(batch, ATTRIBUTE):
        with_lines([batch])
    lines: Lines = getattr(batch, ATTRIBUTE)
    return lines


def _summed(batches: Iterable[Batch]) -> dict[int, Lines]:
    found = {batch.pk: Lines({}, 0) for batch in batches}
    rows = Attempt.objects.filter(batch__in=found).order_by().values_list("batch", "certainty")
    for batch_id, certainty, lines, cost in rows.annotate(Count("id"), Sum("cost_nanousd")):
        before = found[batch_id]
        counts = {**before.by_certainty, Certainty(certainty): lines}
        found[batch_id] = Lines(counts, before.cost_nanousd + cost)
    return {
        pk: Lines(_in_order(each.by_certainty), each.cost_nanousd) for pk, each in found.items()
    }


def _in_order(counts: dict[Certainty, int]) -> dict[Certainty, int]:
    return {certainty: counts[certainty] for certainty in Certainty if certainty in counts}


def _key(batch: Batch) -> str:
    return f"batch-lines:{batch.pk}:{batch.created_at.timestamp()}"
