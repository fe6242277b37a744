"""What ten million tickets cost under each plan, with the inputs that are assumed where nothing is known, for three guides."""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import replace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from triage.services.evaluation.planning import words  # noqa: E402
from triage.services.evaluation.planning.costs import priced  # noqa: E402
from triage.services.evaluation.planning.inputs import Inputs  # noqa: E402
from triage.services.evaluation.planning.plans import Models, Row, rows  # noqa: E402
from triage.services.gateway.catalog import HAIKU, SONNET  # noqa: E402
from triage.services.gateway.pricing import SOURCE  # noqa: E402
from triage.types import usd  # noqa: E402

GUIDES = (500, 1_500, 5_000)


def main(arguments: Sequence[str]) -> bool:
    """Print the table. Arithmetic promises nothing, so there is nothing to break."""
    ArgumentParser(prog="python -m eval plan", description=__doc__).parse_args(arguments)
    models = Models(priced(HAIKU), priced(SONNET))
    inputs = Inputs()
    tables = [rows(replace(inputs, guide_tokens=guide), models) for guide in GUIDES]
    print(
        HEAD.format(
            tickets=inputs.tickets,
            ticket=inputs.ticket_tokens,
            output=inputs.output_tokens,
            source=SOURCE,
            formula=words.FORMULA,
        )
    )
    for same in zip(*tables, strict=True):
        cells = " | ".join(map(_cell, same))
        print(f"| {same[0].plan.name} | {cells} |")
    return True


def _cell(row: Row) -> str:
    """Thousands of dollars, and both shares; a star where a model does not cache a guide that should be."""
    star = "*" if any(remark.startswith("not cached") for remark in row.remarks) else ""
    return f"{usd(row.nanousd) / 1_000:.2f}{star}, {row.of_naive:.1%}, {row.of_fair:.1%}"


HEAD = """\
ASSUMED: {tickets:,.0f} tickets of {ticket:,.0f} tokens, answers of {output:,.0f};
Haiku 5.5 first, Sonnet 5.5 for a fifth; {source}.
{formula}

Thousands of dollars, as a share of Sonnet 5.5 only, naive, and as a share of it cached and batched; * not cached.

| plan | guide of 500 tokens | 1,500 | 5,000 |
|---|---|---|---|"""
