"""Asks Claude the way a case says, and puts what comes of it into words. Each asking costs money, simulated."""

from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from faults.case import Asked, Ending
from triage.exceptions import GatewayError
from triage.models import (
    Channel,
    Feature,
    FieldDecision,
    Label,
    Obtained,
    Stage,
    State,
    StoredReply,
    Triage,
)
from triage.services import classification, gateway, intake, taxonomy
from triage.services.classification.answer import answer_schema
from triage.services.classification.recording import ESCALATION_UNAVAILABLE
from triage.services.gateway import About, GovernedStream, Reply, Request, Reuse
from triage.services.gateway.catalog import name_of
from triage.services.intake import NewTicket

TEXT = "My lawyer will write to you and I will see you in court: the order arrived broken."
CANNED = "Thank you for writing. This is an automatic reply: a colleague will read your message and answer."
ENDINGS = {
    Obtained.FALLBACK: Ending.FALLBACK,
    Obtained.STALE: Ending.STALE,
    Obtained.CANNED: Ending.CANNED,
}
OLD = timedelta(days=31)
DRAFT = Request(
    system="Write a short, friendly reply to the customer's ticket. Promise nothing.\n" * 40,
    content=(f"<ticket>\n{TEXT}\n</ticket>", "Write the reply to the ticket above."),
    max_tokens=600,
)
SORTING = Request(
    system="Sort each ticket by what the customer needs done, not by its mood.\n" * 60,
    content=(f"<ticket>\n{TEXT}\n</ticket>", "Sort the ticket above."),
    max_tokens=400,
    schema=answer_schema(("legal-threat", "damaged-order")),
)


@dataclass(frozen=True, slots=True)
class Got:
    """What the caller got, and the same for people. `code` is the error's; `text` is what was said, where something was."""

    ending: Ending
    words: str
    code: str = ""
    text: str = ""


def publish_labels() -> None:
    """What the tickets of the cases are sorted into: one label is hard, so that the strong model is asked."""
    for slug, text, is_hard in (
        ("legal-threat", "A lawyer, a court or a regulator is mentioned.", True),
        ("damaged-order", "An order arrived broken.", False),
    ):
        Label.objects.create(
            slug=slug,
            name=slug.replace("-", " "),
            description=text,
            examples=[text, TEXT if is_hard else "The cup in my order is broken."],
            always_escalate=is_hard,
        )
    taxonomy.publish(by=User.objects.system())


def ask(asked: Asked) -> Got:
    """What the caller gets; nothing is raised that the gateway means to raise."""
    if asked is Asked.TICKET:
        return _triage_a_ticket()
    if asked in (Asked.DRAFT, Asked.STORED_DRAFT):
        return _draft()
    return _sort(Feature(asked))


def store_old_draft() -> None:
    """A reply to the draft's request, written in a calm hour more than 30 days ago."""
    list(_stream(Reuse.STORED))
    StoredReply.objects.update(stored_at=timezone.now() - OLD)
    cache.clear()


def whole_draft() -> str:
    """What every model of the simulator answers to the draft's request in a calm hour."""
    stream = _stream(Reuse.NEVER)
    return "".join(stream)


def _sort(feature: Feature) -> Got:
    try:
        reply = gateway.ask(
            SORTING, feature=feature, by=User.objects.system(), about=About("fault", "1")
        )
    except GatewayError as error:
        return _refused(error)
    return _answered(reply)


def _draft() -> Got:
    stream = _stream(Reuse.STORED)
    try:
        for _ in stream:
            pass
    except GatewayError as error:
        return _refused(error)
    if stream.reply:
        return _answered(stream.reply)
    if stream.error and not stream.text:
        return _refused(stream.error)
    code = stream.error.code if stream.error else ""
    words = f"{len(stream.text)} characters kept, marked {stream.state}: {stream.error}"
    return Got(Ending.KEPT, words, code, stream.text)


def _stream(reuse: Reuse) -> GovernedStream:
    alice, _ = User.objects.get_or_create(email="alice@example.com", defaults={"name": "Alice"})
    return gateway.stream(
        DRAFT,
        feature=Feature.DRAFT,
        by=alice,
        about=About("fault", "1"),
        reuse=reuse,
        canned=CANNED,
    )


def _answered(reply: Reply) -> Got:
    ending = ENDINGS.get(Obtained(reply.obtained), Ending.ANSWERED)
    words = f"answer from {name_of(reply.model_served)} after {_times(reply.tries)}"
    if ending is Ending.STALE:
        words = f"an older answer of {name_of(reply.model_served)}, marked stale"
    elif ending is Ending.CANNED:
        words = "the canned answer with its disclaimer"
    return Got(ending, words, text=reply.text)


def _refused(error: GatewayError) -> Got:
    return Got(Ending.REFUSED, f"refused: {error}", error.code)


def _triage_a_ticket() -> Got:
    (received,) = intake.receive_many(
        [NewTicket(description=TEXT, channel=Channel.API)], is_urgent=False
    )
    run = Triage.objects.get(ticket=received.ticket)
    classification.run(run.pk)
    run.refresh_from_db()
    return _of_run(run)


def _of_run(run: Triage) -> Got:
    later = f"catches up in {(run.due_at - timezone.now()).total_seconds():.0f} s"
    label = FieldDecision.objects.filter(triage=run, field="label").first()
    decided = f"{label.value} {label.decision}" if label else ""
    if run.state == State.SKIPPED and run.skip_reason == ESCALATION_UNAVAILABLE:
        return Got(Ending.SUGGESTED, f"the first model's value ({decided}), {later}")
    if run.state == State.SKIPPED:
        code, _, said = run.skip_reason.partition(": ")
        return Got(Ending.SKIPPED, f"skipped, {later}: {said}", code)
    if run.stage == Stage.NONE:
        return Got(Ending.PERSON, f"goes to a person: {run.escalation_reason}")
    words = f"{name_of(run.model_served)} decided ({decided})"
    is_strong = run.stage == Stage.STRONG
    reason = f": {run.escalation_reason}" if run.escalation_reason else ""
    return Got(Ending.STRONG if is_strong else Ending.ANSWERED, words + reason)


def _times(tries: int) -> str:
    return "1 try" if tries == 1 else f"{tries} tries"
