"""The spend report's headline figures, in words and figures for people."""

from dataclasses import dataclass

from triage.admin.formats import NOTHING, count, dollars, each, share
from triage.selectors.spend import SORTING, SpendReport


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure; `note` says what it is made of."""

    name: str
    value: str
    note: str


def tiles(report: SpendReport) -> list[Tile]:
    return [_spend(report), _calls(report), _per_ticket(report), _cache(report), _errors(report)]


def _spend(report: SpendReport) -> Tile:
    unsure = sum(kind.cost_nanousd for kind in report.unsure)
    note = f"of which {dollars(unsure)} is not sure" if unsure else "all of it known exactly"
    return Tile("Spend", dollars(report.cost_nanousd), note if report.attempts else "no attempts")


def _calls(report: SpendReport) -> Tile:
    reused = report.reused.stored + report.reused.joined
    return Tile("Calls", count(report.calls), f"{count(reused)} answered from an equal call")


def _per_ticket(report: SpendReport) -> Tile:
    name = "Per triaged ticket"
    if report.feature and report.feature not in SORTING:
        return Tile(name, NOTHING, f"{report.feature.label} is no part of triage")
    note = f"{count(report.triaged_tickets)} tickets triaged"
    return Tile(name, each(report.sorting_nanousd, report.triaged_tickets), note)


def _cache(report: SpendReport) -> Tile:
    usage = report.usage
    value = share(usage.cache_read_tokens, usage.input_tokens)
    note = f"{count(usage.cache_read_tokens)} of {count(usage.input_tokens)} input tokens"
    return Tile("Cache hit rate", value, note)


def _errors(report: SpendReport) -> Tile:
    value = share(report.errors, report.attempts)
    noun = "call" if report.unanswered_calls == 1 else "calls"
    note = f"of attempts; {count(report.unanswered_calls)} {noun} got no answer"
    return Tile("Error rate", value, note)
