"""The columns that every table of drafts has, each with how its value is read from a `Fate`."""

from collections.abc import Callable
from typing import Any

from triage.selectors.reports.fates import DECIDED_AT_LEAST, PAYS_FROM_SHARE, Fate
from triage.selectors.tables import Column, Kind

FIGURES: tuple[tuple[Column, Callable[[Fate], Any]], ...] = (
    (Column("drafts", "Drafts", Kind.COUNT, "All that were asked for"), lambda f: f.drafts),
    (
        Column("sent_unchanged", "Sent unchanged", Kind.COUNT, "Sent as they were written"),
        lambda f: f.sent_unchanged,
    ),
    (
        Column("sent_edited", "Sent edited", Kind.COUNT, "Sent after a person changed them"),
        lambda f: f.sent_edited,
    ),
    (
        Column(
            "edited_share",
            "Changed",
            Kind.SHARE,
            "How much of a draft's text was changed that was sent edited, on average",
        ),
        lambda f: f.edited_share,
    ),
    (
        Column("discarded", "Discarded", Kind.COUNT, "Thrown away by a person"),
        lambda f: f.discarded,
    ),
    (
        Column(
            "unfinished",
            "Broken, failed, cancelled",
            Kind.COUNT,
            "Broke off, failed or were stopped, and nobody used what there was",
        ),
        lambda f: f.unfinished,
    ),
    (
        Column(
            "waiting",
            "Waiting",
            Kind.COUNT,
            "Still to be written, or written and neither sent nor discarded",
        ),
        lambda f: f.undecided,
    ),
    (
        Column("used_share", "Used", Kind.SHARE, "Sent, of those that were sent or discarded"),
        lambda f: f.used_share,
    ),
    (Column("cost", "Cost", Kind.MONEY, "Of all of them"), lambda f: f.cost_nanousd),
    (
        Column(
            "cost_per_sent",
            "Per sent draft",
            Kind.MONEY,
            "The cost of all of them for each that was sent",
        ),
        lambda f: f.nanousd_per_sent,
    ),
)
VERDICT = Column(
    "pays",
    "Does it pay?",
    about=f"No: fewer than {PAYS_FROM_SHARE:.0%} of at least {DECIDED_AT_LEAST} decided drafts were used",
)
