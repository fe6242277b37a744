"""What a new installation needs before it sorts tickets on its own, as a list that ticks itself off."""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.urls import reverse

from triage.selectors.first_steps import JUDGED_ENOUGH, Facts, facts
from triage.services import alerts


class StepState(StrEnum):
    DONE = "done"
    OPEN = "open"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Step:
    """`page` leads to where it is done; "" where that is the environment."""

    name: str
    text: str
    state: StepState
    page: str = ""


def steps() -> list[Step]:
    known = facts()
    return [
        _key(),
        _labels(known),
        _tickets(known),
        _people(known),
        _budget(known),
        _mail(),
        _proof(known),
        _applying(known),
    ]


def count_open() -> int:
    """How many steps are left; those that come later do not count."""
    return sum(step.state is StepState.OPEN for step in steps())


def _key() -> Step:
    if settings.TRIAGE_SIMULATOR:
        text = "The built-in simulator answers: good for a look round, at no cost. Set ANTHROPIC_API_KEY for Claude."
        return Step("Connect a key", text, StepState.DONE)
    text = "Set ANTHROPIC_API_KEY, or TRIAGE_SIMULATOR=1 for the built-in simulator, and restart."
    return Step("Connect a key", text, _done(bool(settings.ANTHROPIC_API_KEY)))


def _labels(known: Facts) -> Step:
    text = "Say what tickets are sorted into, with a description and examples each, and publish. Before that nothing is sorted."
    return Step(
        "Publish labels", text, _done(known.is_published), reverse("admin:triage_label_changelist")
    )


def _tickets(known: Facts) -> Step:
    text = "Import a file (python manage.py import_tickets FILE), or let your help desk push tickets with an API token."
    return Step(
        "Import tickets", text, _done(known.has_tickets), reverse("admin:triage_import_changelist")
    )


def _people(known: Facts) -> Step:
    text = "Invite those who answer tickets; each gets a link to choose a password."
    return Step(
        "Invite colleagues",
        text,
        _done(known.has_colleagues),
        reverse("admin:accounts_user_changelist"),
    )


def _budget(known: Facts) -> Step:
    text = "Set what the installation may cost in a day or a month. Nothing is asked that could take it above that."
    return Step(
        "Set a budget", text, _done(known.has_budget), reverse("admin:triage_budget_changelist")
    )


def _mail() -> Step:
    to = ", ".join(alerts.recipients()) or "nobody"
    text = (
        f"Set EMAIL_URL, and TRIAGE_ALERT_EMAILS unless all admins are meant. Now alerts go to {to}"
    )
    text += "." if settings.TRIAGE_MAILS_REPLIES else ", but mails are only printed."
    is_done = settings.TRIAGE_MAILS_REPLIES and to != "nobody"
    return Step(
        "Set an alert address", text, _done(is_done), reverse("admin:triage_alertrule_changelist")
    )


def _proof(known: Facts) -> Step:
    """Open as soon as there is something to evaluate with."""
    name, page = "Prove it on your own tickets", reverse("admin:evaluations")
    if known.is_evaluated:
        return Step(name, "An evaluation is done.", StepState.DONE, page)
    if known.is_judged_enough:
        text = f"People have judged {JUDGED_ENOUGH} suggestions or more: evaluate triage on these. A quote costs nothing."
        return Step(name, text, StepState.OPEN, page)
    text = f"Evaluate triage on tickets whose label is known: a file of your own, or {JUDGED_ENOUGH} that people have judged."
    return Step(name, text, StepState.LATER, page)


def _applying(known: Facts) -> Step:
    """Not before it is proven."""
    name, page = "Switch auto-apply on", reverse("admin:gate")
    if known.is_applying:
        return Step(name, "It is on for one label or more.", StepState.DONE, page)
    if known.is_evaluated:
        text = "Switch it on at the gate, label by label, as far as the evaluation proves it."
    else:
        text = "Leave it off until an evaluation proves which labels may be applied without review."
    return Step(name, text, StepState.LATER, page)


def _done(is_done: bool) -> StepState:
    return StepState.DONE if is_done else StepState.OPEN
