"""The results of an evaluation as chapters of sections: what stands on its page and in its report. Computes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from triage.services.evaluation.reporting.blocks import Chapter, Note, Section, Words
from triage.services.evaluation.reporting.confused import confusion_section
from triage.services.evaluation.reporting.escalating import (
    escalation_section,
    head_section,
    strong_section,
)
from triage.services.evaluation.reporting.exploring import threshold_section
from triage.services.evaluation.reporting.labelling import labels_section
from triage.services.evaluation.reporting.overview import overview_section
from triage.services.evaluation.reporting.trusting import reliability_section

Json = Mapping[str, Any]
SIMULATED = "These are simulated figures: the answers came from the built-in simulator. They say nothing about Claude."


def chapters(results: Json, *, tickets_address: str = "") -> tuple[Chapter, ...]:
    """What all configurations have in common, then a chapter each, and last what may be claimed.

    Args:
        tickets_address: Where the tickets behind a cell are listed, for `?truth=&chosen=&configuration=`; "" for no links.
    """
    told = results["configurations"]
    several = len(told) > 1
    return (
        Chapter("", (headline_section(results), overview_section(results))),
        *(
            Chapter(
                title=f"Configuration {each['name']}" if several else "",
                sections=_sections(each, results, f"{tickets_address}?configuration={place}")
                if tickets_address
                else _sections(each, results, ""),
                is_open=place == 0,
            )
            for place, each in enumerate(told)
        ),
        Chapter("", (claims_section(results),)),
    )


def _sections(told: Json, results: Json, address: str) -> tuple[Section, ...]:
    return (
        threshold_section(told, promise=results["promise"], minutes=results["review_minutes"]),
        labels_section(told, address=address),
        confusion_section(told, address=address),
        reliability_section(told),
        escalation_section(told),
        head_section(told),
        strong_section(told),
    )


def headline(results: Json) -> str:
    """What an admin may quote; a simulated figure says so wherever it is quoted."""
    return (
        f"Simulated: {results['sentence']}" if results.get("is_simulated") else results["sentence"]
    )


def headline_section(results: Json) -> Section:
    """The sentence, and what the tickets were used for."""
    parts = results["parts"]
    used = (
        f"{parts['calibrate']:,} of the tickets served to calibrate, {parts['choose']:,} to choose thresholds,"
        f" {parts['report']:,} to report what came of both. Figures for which nothing was fitted or chosen are of all of them."
    )
    blocks = (Note(headline(results), "headline"), Note(used, "quiet"))
    return Section("in-short", "In one sentence", blocks)


def claims_section(results: Json) -> Section:
    claims = results["claims"]
    may: Sequence[str] = claims["may"] or ("Nothing: no labelled ticket was counted.",)
    blocks = (
        Words("What may be said", tuple(may)),
        Words("What may not", tuple(claims["may_not"])),
    )
    warning = (Note(SIMULATED, "warning"),) if results.get("is_simulated") else ()
    return Section("claims", "What these figures are worth", (*warning, *blocks))
