"""What the triage card says about one run, in values that a template only has to print."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from triage.models import (
    Call,
    Decision,
    Field,
    FieldDecision,
    Label,
    Obtained,
    Stage,
    State,
    Ticket,
    Triage,
)
from triage.services.gateway.catalog import name_of

OBTAINED_WORDS = {Obtained.STORED: "a stored reply"}
UNDERWAY = (State.QUEUED, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Option:
    """A label that a person may pick in one click."""

    slug: str
    name: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The label that stands or is proposed, and how that came. `tone` is good, open or quiet.

    `beaten` is what triage says where a person has chosen otherwise.
    """

    option: Option | None
    words: str
    tone: str
    beaten: Option | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """`confirmable` is the value that "Right" would confirm; None once a person or a threshold has settled it.

    `decision` is on the label. `local` is what the local model said where it did not decide.
    """

    run: Triage | None
    decision: FieldDecision | None
    is_underway: bool
    verdict: Verdict | None
    confirmable: Option | None
    alternatives: tuple[Option, ...]
    sides: tuple[FieldDecision, ...]
    local: Option | None
    model_path: str
    obtained: str
    asked_instead: str


def build(ticket: Ticket, *, calls: Iterable[Call], names: Mapping[str, str]) -> Card:
    """The card of the ticket's newest run.

    Args:
        calls: The ticket's calls, oldest first.
        names: The labels' names by slug.
    """
    run = ticket.triage
    decision = run.label_decision if run else None
    options = _options(decision, names)
    is_settled = Field.LABEL in ticket.set_by_person
    current = ticket.label.slug if ticket.label else ""
    of_run = _of_run(run, calls) if run else []
    return Card(
        run=run,
        decision=decision,
        is_underway=run is not None and run.state in UNDERWAY,
        verdict=_verdict(ticket, decision, options) if decision else None,
        confirmable=options[0] if options and not is_settled else None,
        alternatives=tuple(o for o in options[0 if is_settled else 1 :] if o.slug != current),
        sides=_sides(run),
        local=_local(run, names),
        model_path=model_path(run, of_run) if run else "",
        obtained=_obtained(run) if run else "",
        asked_instead=_asked_instead(of_run),
    )


def _options(decision: FieldDecision | None, names: Mapping[str, str]) -> list[Option]:
    """The decided value first, then the alternatives; none where no value was found."""
    if decision is None or not decision.value:
        return []
    others = [(row["value"], row["confidence"]) for row in decision.alternatives]
    found = [(decision.value, decision.confidence), *others]
    return [Option(slug, names.get(slug, slug), confidence) for slug, confidence in found]


def _verdict(ticket: Ticket, decision: FieldDecision, options: list[Option]) -> Verdict:
    option = options[0] if options else None
    if Field.LABEL not in ticket.set_by_person:
        return Verdict(option, *_machine_words(decision))
    if decision.corrected_to and decision.corrected_to == decision.value:
        return Verdict(option, f"Confirmed by {decision.corrected_by}", "good")
    who = str(decision.corrected_by) if decision.corrected_to else "A person"
    return Verdict(_current(ticket), f"{who} chose it", "quiet", beaten=option)


def _current(ticket: Ticket) -> Option | None:
    label = ticket.label
    return Option(label.slug, label.name, None) if label else None


def _machine_words(decision: FieldDecision) -> tuple[str, str]:
    if decision.decision == Decision.APPLIED:
        return "Applied: sure enough to need no review", "good"
    if decision.decision == Decision.SUGGESTED:
        return "Suggested: somebody should have a look", "open"
    if decision.value:
        return "Withheld: a guess, too unsure to suggest", "open"
    return "No label found: please choose one", "open"


def _sides(run: Triage | None) -> tuple[FieldDecision, ...]:
    """Of a run that the local model decided none: it says nothing of them, and nobody was asked."""
    if run is None or run.stage == Stage.LOCAL:
        return ()
    found = (run.decision_on(f) for f in (Field.PRIORITY, Field.SENTIMENT, Field.LANGUAGE))
    return tuple(decision for decision in found if decision)


def _of_run(run: Triage, calls: Iterable[Call]) -> list[Call]:
    end = run.finished_at
    return [c for c in calls if c.created_at >= run.created_at and (not end or c.created_at <= end)]


def _local(run: Triage | None, names: Mapping[str, str]) -> Option | None:
    if run is None or run.local_answer is None or run.stage == Stage.LOCAL:
        return None
    slug = run.local_answer["label"]
    return Option(slug, names.get(slug, slug), run.local_answer["chance"])


def model_path(run: Triage, calls: Iterable[Call]) -> str:
    """The models that worked on this run, by its calls, in order: "Haiku 5.5 → Sonnet 5.5". Of the local model its version."""
    if run.stage == Stage.LOCAL:
        version = (run.local_answer or {}).get("version", "")
        return f"{Stage.LOCAL.label} {version}".strip()
    models = [call.model_served or call.model_asked for call in calls] or [run.model_served]
    return " → ".join(name_of(model) for model in dict.fromkeys(models) if model)


def _obtained(run: Triage) -> str:
    """How the deciding answer was come by, in words that follow the model's name."""
    if run.obtained not in Obtained.values:
        return ""
    return OBTAINED_WORDS.get(Obtained(run.obtained), Obtained(run.obtained).label.lower())


def _asked_instead(calls: Iterable[Call]) -> str:
    """The models that were asked and not served, where others stood in: "Haiku 5.5"."""
    asked = [c.model_asked for c in calls if c.model_served and c.model_served != c.model_asked]
    return ", ".join(name_of(model) for model in dict.fromkeys(asked))


def names_of(labels: Iterable[Label]) -> dict[str, str]:
    return {label.slug: label.name for label in labels}
