"""What the strong model brings: what escalating put right, which labels need it, and what asking it alone would cost."""

from collections.abc import Mapping
from typing import Any

from triage.services.evaluation.reporting.blocks import (
    Cell,
    Head,
    Note,
    Section,
    Table,
    Tile,
    Tiles,
)
from triage.services.evaluation.reporting.formats import (
    bound,
    dollars,
    interval,
    p_value,
    percent,
    plural,
    share,
    value_of,
)

Json = Mapping[str, Any]
STOP = "stop paying here: nothing is gained"
WORTH = "worth it: surely a gain"


def escalation_section(told: Json) -> Section:
    """By band of the first model's stated confidence."""
    escalation = told["escalation"]
    name = f"escalation-{told['name']}"
    if not escalation["bands"]:
        return Section(
            name, "What escalating brought", (Note("No ticket was escalated.", "quiet"),)
        )
    words = (
        f"Of {plural(escalation['escalated'], 'escalated ticket')} the strong model put {escalation['fixed']:,} right and spoilt"
        f" {escalation['broken']:,}."
    )
    heads = (
        Head("First confidence"),
        Head("Tickets", True),
        Head("Put right", True),
        Head("95 %", True),
        Head("Spoilt", True),
        Head("Net gain", True, "Put right less spoilt, of the band’s tickets."),
        Head("95 %", True),
        Head("Cost", True),
        Head("Cost of one put right", True),
        Head("Hint"),
    )
    rows = tuple(_band(each) for each in escalation["bands"])
    table = Table("Escalations", heads, rows, note="Of all tickets. Confidences are as stated.")
    return Section(name, "What escalating brought", (Note(words), table))


def _band(band: Json) -> tuple[Cell, ...]:
    hint = STOP if band["is_wasted"] else WORTH if band["net_low"] > 0 else "not sure yet"
    return (
        Cell(band["band"]),
        Cell(f"{band['tickets']:,}", True),
        Cell(f"{band['fixed']:,} ({percent(value_of(band['rescue']))})", True),
        Cell(interval(band["rescue"]), True, kind="pages-quiet"),
        Cell(f"{band['broken']:,}", True),
        Cell(percent(band["net"]), True),
        Cell(
            f"{100 * band['net_low']:.1f} to {100 * band['net_high']:.1f} %",
            True,
            kind="pages-quiet",
        ),
        Cell(dollars(band["cost_nanousd"]), True),
        Cell(dollars(band["cost_per_rescue_nanousd"]), True),
        Cell(hint),
    )


def head_section(told: Json) -> Section:
    head = told["head"]
    names = {each["label"]: each["name"] for each in told["labels"]}
    tiles = Tiles(
        (
            Tile(
                "Labels", f"{len(head['labels']):,}", f"have {share(head['share'])} of the tickets"
            ),
            Tile("First model on those", *_accuracy(head["first_accuracy"])),
            Tile("First model on the rest", *_accuracy(head["rest_accuracy"])),
        )
    )
    words = ", ".join(names.get(label, label) for label in head["labels"])
    return Section(
        f"head-{told['name']}",
        "The few labels that most tickets have",
        (tiles, Note(words, "quiet")),
    )


def _accuracy(told: Json) -> tuple[str, str]:
    about = f"right, {interval(told)}; {plural(told['whole'], 'ticket')}"
    return percent(value_of(told)), about if told["whole"] else "no ticket has another label"


def strong_section(told: Json) -> Section:
    """The price of the strong model alone, and what the cascade loses against it where that was measured."""
    strong = told["strong_only"]
    name, title = f"strong-{told['name']}", "Against the strong model alone"
    if strong is None:
        nothing = Note(
            "The strong model has answered nothing here, so there is nothing to compare with.",
            "quiet",
        )
        return Section(name, title, (nothing,))
    how = "measured on every ticket" if strong["is_measured"] else "extrapolated"
    tiles = Tiles(
        (
            Tile(
                "This way",
                dollars(1_000 * strong["cascade_cost_per_ticket_nanousd"]),
                "per 1,000 tickets",
            ),
            Tile(
                "Strong model alone",
                dollars(1_000 * strong["cost_per_ticket_nanousd"]),
                f"per 1,000 tickets, {how}",
            ),
            Tile("Saved", percent(strong["saving"]), "of its price, asked the same way"),
        )
    )
    return Section(name, title, (tiles, Note(_loss(strong))))


def _loss(strong: Json) -> str:
    if not strong["is_measured"]:
        return (
            f"Its price is that of {plural(strong['tickets'], 'escalated ticket')}, which may be longer than others. How right it"
            " would be alone is not known: it was not asked about every ticket."
        )
    loss = strong["loss"]
    return (
        f"Alone it is right on {share(strong['accuracy'])}. The cascade is right on {loss['fixed_by_cascade']:,} tickets where it"
        f" is not, and wrong on {loss['lost_by_cascade']:,} where it is ({p_value(loss['p_value'])}): {_at_most(loss)},"
        f" with {bound(0.95)} confidence."
    )


def _at_most(loss: Json) -> str:
    if loss["at_most"] <= 0:
        return "it is right at least as often"
    return f"it loses at most {percent(loss['at_most'])} of the tickets"
