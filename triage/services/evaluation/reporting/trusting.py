"""Whether confidences mean what they say."""

from collections.abc import Mapping
from typing import Any

from triage.services.evaluation.reporting.blocks import Block, Note, Section
from triage.services.evaluation.reporting.pictures import reliability

Json = Mapping[str, Any]
STAGES = {"classify": "first model", "escalate": "strong model"}
TITLES = {
    "own": "Calibrated, on the report’s tickets",
    "in_use": "As calibrated on these tickets, on the report’s",
    "stated": "As it would be calibrated, on the report’s tickets",
}
DECIDES = {
    "own": "That is what decided here: thresholds and escalations speak of calibrated confidences.",
    "in_use": "What decided here are the calibrators that are in use: thresholds and escalations speak of their confidences.",
    "stated": "What decided here is what the models stated. For thresholds of calibrated confidences, evaluate with calibrators.",
}
READING = (
    "A point is a tenth of the tickets: how often they were right above their mean confidence, with its 95 % interval. Below the"
    " dashed line a confidence promises more than it keeps."
)


def reliability_section(told: Json) -> Section:
    """As stated on all tickets, and calibrated on those of the report."""
    calibration = told["calibration"]
    blocks: list[Block] = [*_picture(told["reliability"], "As stated, on all tickets")]
    decides = calibration.get("decides", "stated")
    if calibration.get("in_use"):
        blocks += _picture(calibration["in_use"], "As calibrated now, on the report’s tickets")
    if calibration["after"]:
        blocks += _picture(calibration["after"], TITLES[decides])
        blocks.append(Note(_change(calibration)))
    blocks += [
        Note(f"The {STAGES[stage]} is not calibrated: {problem}.", "quiet")
        for stage, problem in calibration["problems"].items()
    ]
    if told["reliability"]["bins"]:
        blocks.append(Note(READING, "quiet"))
    else:
        blocks = [Note("No ticket has a usable answer, so nothing can be said.", "quiet")]
    return Section(f"confidence-{told['name']}", "Confidence against truth", tuple(blocks))


def _picture(told: Json, title: str) -> list[Block]:
    return [reliability(told, title=title)] if told["bins"] else []


def _change(calibration: Json) -> str:
    before, after = calibration["before"]["ece"], calibration["after"]["ece"]
    if before is None or after is None:
        return f"Calibrated on {calibration['tickets']:,} tickets; none is left to say what that brought."
    return (
        f"Calibrating on {calibration['tickets']:,} tickets brings the calibration error from {before:.3f} to {after:.3f}, on the"
        f" {calibration['after']['tickets']:,} answered tickets of the report. {DECIDES[calibration.get('decides', 'stated')]}"
    )
