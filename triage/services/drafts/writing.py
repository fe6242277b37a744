"""write(): one draft, from the claim to its end. Whatever comes of the text is kept, whatever ends it."""

from triage.exceptions import AnswerIncomplete, GatewayError
from triage.models import Draft, DraftState, Feature
from triage.services import gateway
from triage.services.drafts import claims
from triage.services.drafts.citing import with_given
from triage.services.drafts.compose import compose
from triage.services.drafts.ending import Ending, end
from triage.services.drafts.guide import CANNED
from triage.services.drafts.publishing import Publisher
from triage.services.gateway import About, GovernedStream, Reuse, StreamState
from triage.services.intake.cleaning import UNWANTED
from triage.services.masking import Restorer, mask


def write(draft_id: int) -> None:
    """Write one draft, unless it does not wait any more. Costs money; safe to run twice."""
    draft = claims.claim(draft_id)
    if draft is None:
        return
    with Publisher(draft) as publisher:
        ending = _write(draft, publisher)
    draft.sources = publisher.sources
    end(draft, ending)


def _write(draft: Draft, publisher: Publisher) -> Ending:
    try:
        stream, restorer = _begin(draft, publisher)
        for piece in stream:
            publisher.add(restorer.feed(UNWANTED.sub("", piece)))
        publisher.add(restorer.close())
    except GatewayError as error:
        return Ending.broken(publisher.text, error)
    publisher.end()
    return _ending(stream, publisher.text)


def _begin(draft: Draft, publisher: Publisher) -> tuple[GovernedStream, Restorer]:
    composed = compose(draft.ticket, steer=draft.steer, tone=draft.tone, so_far=draft.text)
    sources = with_given(draft.sources, composed.articles)
    Draft.objects.filter(pk=draft.pk).update(
        thread_mark=composed.thread_mark,
        prompt_version=composed.request.prompt_version,
        sources=sources,
    )
    publisher.begin(sources)
    masked = mask(composed.request)
    stream = gateway.stream(
        masked.request,
        feature=Feature.DRAFT,
        by=draft.by,
        about=About("ticket", str(draft.ticket_id)),
        reuse=Reuse.NEVER if draft.is_fresh else Reuse.STORED,
        canned="" if draft.text else CANNED,  # a standard text goes on with nothing
        cancelled=publisher.is_stopped,
    )
    return stream, masked.restorer()


def _ending(stream: GovernedStream, text: str) -> Ending:
    """What became of it: a whole reply is ready, an old or a canned one too; half of one is broken, nothing has failed."""
    reply = stream.reply
    if reply and reply.text.strip() and text.strip():
        return Ending(DraftState.READY, text, reply=reply)
    if stream.state is StreamState.CANCELLED:
        return Ending(DraftState.CANCELLED, text)
    error = stream.error or AnswerIncomplete("Claude's answer holds no text.")
    return Ending.broken(text, error)
