"""Headline figures of costs, in words and figures for people."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from triage.admin.formats import NOTHING, count, dollars, each, share
from triage.models import Feature, Period, Scope
from triage.selectors.reports.costs_cells import SORTING
from triage.selectors.reports.headline import Headline, Month


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure; `note` says what it is made of. Where `address` is set, `link` leads there."""

    name: str
    value: str
    note: str
    address: str = ""
    link: str = ""


def tiles(headline: Headline) -> list[Tile]:
    return [
        _per_ticket(headline),
        _per_solved(headline),
        _per_draft(headline),
        _cache(headline),
        _calls(headline),
        _errors(headline),
    ]


def of_month(month: Month) -> Tile:
    """What this month costs so far and will, beside its budget."""
    value = dollars(month.so_far_nanousd)
    if month.budget_nanousd is None:
        query = urlencode({"scope": Scope.INSTALLATION, "period": Period.MONTH})
        address = f"{reverse('admin:triage_budget_add')}?{query}"
        return Tile("This month", value, f"no budget set; {_expected(month)}", address, "Set one")
    return Tile(
        "This month",
        value,
        f"of {dollars(month.budget_nanousd)}; {_expected(month)}",
        reverse("admin:triage_budget_changelist"),
        "Budgets",
    )


def spend(headline: Headline) -> Tile:
    cost = dollars(headline.spent.cost_nanousd)
    if not headline.spent.attempts:
        return Tile("Spend", cost, "no attempts")
    if headline.unsure is None:
        return Tile("Spend", cost, "how sure it is, is not kept by team")
    unsure = headline.unsure_nanousd
    note = f"of which {dollars(unsure)} is not sure" if unsure else "all of it known exactly"
    return Tile("Spend", cost, note)


def _expected(month: Month) -> str:
    if month.expected_nanousd is None:
        return "a forecast begins on the second day of a month"
    over = month.budget_nanousd is not None and month.expected_nanousd > month.budget_nanousd
    return (
        f"{dollars(month.expected_nanousd)} by {month.last_day:%-d %B} if it goes on like the "
        f"{month.days_so_far:.1f} days so far{', which is over the budget' if over else ''}"
    )


def _per_ticket(headline: Headline) -> Tile:
    name, feature = "Per triaged ticket", headline.asked.feature
    if feature and feature not in SORTING:
        return Tile(name, NOTHING, f"{feature.label} is no part of triage")
    if headline.asked.model:
        return Tile(name, NOTHING, "a ticket's triage belongs to no model")
    cost = f"what {feature.label.lower()} cost" if feature else "all that triage cost"
    note = f"{cost}, by {count(headline.triaged)} tickets triaged"
    return Tile(name, each(headline.sorting_nanousd, headline.triaged), note)


def _per_solved(headline: Headline) -> Tile:
    name, feature = "Per solved ticket", headline.asked.feature
    if headline.asked.model:
        return Tile(name, NOTHING, "a solved ticket belongs to no model")
    cost = f"all that {feature.label.lower()} cost" if feature else "all that Claude cost"
    note = f"{cost}, by {count(headline.solved)} tickets solved in these days"
    return Tile(name, each(headline.spent.cost_nanousd, headline.solved), note)


def _per_draft(headline: Headline) -> Tile:
    name, feature = "Per sent draft", headline.asked.feature
    if feature and feature != Feature.DRAFT:
        return Tile(name, NOTHING, f"{feature.label} writes no drafts")
    if headline.asked.model:
        return Tile(name, NOTHING, "a sent draft belongs to no model")
    note = f"all drafts' cost, by {count(headline.sent_drafts)} that were sent"
    return Tile(name, each(headline.draft_nanousd, headline.sent_drafts), note)


def _cache(headline: Headline) -> Tile:
    usage = headline.spent.usage
    value = share(usage.cache_read_tokens, usage.input_tokens)
    saved = headline.spent.uncached_nanousd - headline.spent.cost_nanousd
    money = f"saved {dollars(saved)}" if saved >= 0 else f"cost {dollars(-saved)} more than none"
    return Tile("Cache hit rate", value, f"of {count(usage.input_tokens)} input tokens; {money}")


def _calls(headline: Headline) -> Tile:
    calls = headline.calls
    note = f"{count(calls.reused)} answered from an equal call, which saved {dollars(calls.saved_nanousd)}"
    return Tile("Calls", count(calls.made), note)


def _errors(headline: Headline) -> Tile:
    spent, failed = headline.spent, headline.calls.failed
    noun = "call" if failed == 1 else "calls"
    note = f"of attempts; {count(failed)} {noun} got no answer"
    return Tile("Error rate", share(spent.errors, spent.attempts), note)
