"""The words that stand beside the bills: the formula, what is assumed in all plans, and what the ratios do not say."""

from collections.abc import Iterator

from triage.services.evaluation.planning.outlook import Outlook, Padding
from triage.types import usd

FORMULA = (
    "A ticket costs batch · [p_in · (m·G + Q + k·(T + i)) + p_out · k·(O + i)] ÷ k: guide G, question Q, ticket T, answer O, k "
    "tickets a call, i tokens to name a ticket where k > 1. m is h·r + (1 − h)·w with h hits of the cache, r and w the prices of "
    "reading and writing as multiples of p_in; 1 where the guide is not cached. In a batch all prices are half."
)
ASSUMPTIONS = (
    "Proportional: the same share of what the local model leaves is escalated. Adverse: it answers easy tickets only, so as many "
    "are escalated as without it; the realistic bound.",
    "Escalated tickets are asked of both models, but where all that is left is hard: there the strong one alone is.",
    "Both models count tokens alike; retries, unusable answers and drafts are not in here.",
)
DATED = "Prices: {source}, as of {day}."


def dated(outlook: Outlook) -> str:
    return DATED.format(source=outlook.price_source, day=f"{outlook.priced_on:%-d %B %Y}")


def remarks(outlook: Outlook) -> Iterator[str]:
    """What the table does not say by itself, a sentence or two each."""
    strong = outlook.models.strong.name
    fair = outlook.rows[1]
    yield (
        f"The shares of naive flatter: that baseline pays for the guide {outlook.inputs.tickets:,.0f} times. {strong} alone, "
        f"cached and batched, costs {fair.of_naive:.1%} of it. Quote both."
    )
    yield (
        "No plan says how many answers are right. Packing and a local model first need a paired test on labelled tickets of "
        "your own."
    )
    yield (
        "The share of escalated tickets sets the floor, not the price of the first model: in the adverse plans a local model "
        "hardly moves the bill."
    )
    yield from (_padded(each, outlook) for each in outlook.padding)
    if outlook.is_simulated:
        yield "Answers here come from the built-in simulator: what was counted on them is simulated and says nothing of Claude."


def _padded(padding: Padding, outlook: Outlook) -> str:
    batched = (
        f", ${usd(padding.batch_nanousd):,.0f} in batches" if padding.batch_nanousd > 0 else ""
    )
    return (
        f"The guide of {outlook.inputs.guide_tokens:,.0f} tokens is shorter than the {padding.floor_tokens:,} that caching by "
        f"{padding.models} takes. Padded to that with worked examples it would save ${usd(padding.live_nanousd):,.0f} live"
        f"{batched}."
    )


def audits(outlook: Outlook) -> str:
    known = outlook.audits
    inputs = outlook.inputs
    return (
        f"People who audit are not in any plan: {inputs.audits_a_week:,.0f} answers a week for {inputs.weeks:,.0f} weeks at "
        f"${inputs.audit_usd:,.2f} are ${usd(known.fixed_nanousd):,.0f}; 1 % of all tickets would be "
        f"${usd(known.one_percent_nanousd):,.0f}. Audit a fixed number, not a share."
    )
