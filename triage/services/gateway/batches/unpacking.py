"""What a packed reply says to each of its lines, kept as the reply to the line's own request: who asks that finds it paid for.

Between a pack's end and this, its lines' claims stay with the pack's call, so nobody asks them meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from triage.models import Attempt, Call, StoredReply
from triage.models.ledger import CallState
from triage.services.gateway import dedup
from triage.services.gateway.batches.preparing import PACK
from triage.services.gateway.dedup import Stored
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.journal import durable
from triage.services.gateway.request import Request
from triage.services.gateway.shaping import shape


@dataclass(frozen=True, slots=True)
class Packed:
    """A request that was asked within the packed call `call_id`, which is over.

    `content` and `text` are that call's; `text` is "" where no answer came that can be used. `share_nanousd` is this request's
    part of the bill, split evenly.
    """

    fingerprint: str
    call_id: int
    content: tuple[str, ...]
    text: str
    model_asked: str
    model_served: str
    share_nanousd: int


def has_packs(batch_id: int) -> bool:
    """Whether some line of the batch asks for several."""
    return Attempt.objects.filter(batch=batch_id, call__about_kind=PACK).exists()


def find_packed(requests: Sequence[Request], *, model: str) -> list[Packed | None]:
    """For each of these, as they are asked of `model`, the packed call that still holds its claim; None where there is none."""
    fingerprints = [fingerprint_of(request, shape(request, model)) for request in requests]
    held = StoredReply.objects.filter(pk__in=fingerprints).exclude(lease_until=None)
    owners = dict(held.values_list("fingerprint", "owner"))
    calls = Call.objects.filter(pk__in=set(owners.values()), about_kind=PACK)
    over = calls.exclude(state=CallState.RUNNING).select_related("prompt").in_bulk()
    return [
        _packed(each, over[owners[each]]) if owners.get(each) in over else None
        for each in fingerprints
    ]


def settle_packed(said: Sequence[tuple[Packed, str]]) -> None:
    """Keep each one's part of the reply for equal requests; where it is "", give the claim back, so that it can be asked alone.

    Safe to run twice.
    """
    with durable() as cursor:
        for packed, text in sorted(said, key=lambda each: each[0].fingerprint):
            if text:
                reply = Stored(text, packed.model_asked, packed.model_served, packed.share_nanousd)
                dedup.store(cursor, packed.fingerprint, owner=packed.call_id, reply=reply)
            else:
                dedup.release(cursor, packed.fingerprint, owner=packed.call_id)


def _packed(fingerprint: str, call: Call) -> Packed:
    is_usable = call.state == CallState.ANSWERED
    prompt = getattr(call, "prompt", None)  # a prompt is dropped after a month
    return Packed(
        fingerprint=fingerprint,
        call_id=call.pk,
        content=tuple(prompt.content) if prompt else (),
        text=prompt.reply if prompt and is_usable else "",
        model_asked=call.model_asked,
        model_served=call.model_served,
        share_nanousd=call.cost_nanousd // int(call.about_id),
    )
