"""Backfill with several tickets a call: the lines of single tickets put together, and their replies taken apart.

Only what was asked changes, never what is asked afterwards: each ticket's part of a reply becomes the stored reply to its own
request, so the cascade finds it as if it had been asked alone. A part that is missing or makes no sense is asked alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import partial

import structlog

from triage.services.classification import packing
from triage.services.classification.packing_permission import find_permission
from triage.services.classification.prompt import INSTRUCTION
from triage.services.gateway import Request
from triage.services.gateway.batches import (
    Line,
    Pack,
    Packed,
    Packer,
    find_packed,
    settle_packed,
)
from triage.services.masking import mask
from triage.services.taxonomy import Taxonomy

log = structlog.get_logger(__name__)


def packer_in_force(current: Taxonomy, *, apart: Collection[str]) -> Packer | None:
    """What puts lines together, where that is allowed for what is in force; None where each ticket has a call of its own.

    It is asked once for a batch, so what it reads is kept no longer.

    Args:
        apart: The ids of the tickets that share a call with none, such as those whose text reads like an instruction.
    """
    permission = find_permission()
    if permission is None:
        return None
    if why := permission.why_unused(current):
        log.warning(
            "packing is allowed but not used", evaluation=permission.evaluation_id, reason=why
        )
        return None
    return partial(
        _pack,
        current=current,
        apart=frozenset(apart),
        tickets_a_call=permission.tickets_a_call,
    )


def take_apart(requests: Sequence[Request], current: Taxonomy, *, model: str) -> None:
    """Store what packed calls to `model` have said to these single requests; what they said nothing usable to is free again."""
    found = find_packed(requests, model=model)
    asked = zip(requests, found, strict=True)
    settle_packed(list(_parts(((each, packed) for each, packed in asked if packed), current)))


def _pack(
    lines: Sequence[Line], *, current: Taxonomy, apart: Collection[str], tickets_a_call: int
) -> list[Pack]:
    """Lines that differ in their ticket alone share a call, up to the limits of `packing.deal`."""
    alike = defaultdict[tuple[str, str], list[int]](list)
    for place, line in enumerate(lines):
        _, instruction = line.request.content
        alike[instruction, line.about.id if line.about.id in apart else ""].append(place)
    return [
        Pack(_build(lines, places, current, tickets_a_call), places)
        for group in alike.values()
        for places in _deal(lines, group, tickets_a_call)
    ]


def _deal(lines: Sequence[Line], group: Sequence[int], tickets_a_call: int) -> list[list[int]]:
    documents = [lines[place].request.content[0] for place in group]
    dealt = packing.deal(documents, tickets_a_call=tickets_a_call)
    return [[group[n] for n in pack] for pack in dealt]


def _build(lines: Sequence[Line], places: Sequence[int], current: Taxonomy, room: int) -> Request:
    """The pack's request. Its texts are masked already, ticket by ticket, so each part is restored as a single reply would be."""
    requests = [lines[place].request for place in places]
    packed = packing.build_packed_request(
        [(str(n), request.content[0]) for n, request in enumerate(requests)],
        current,
        seed=places[0],
        instruction=requests[0].content[1].removeprefix(INSTRUCTION).lstrip("\n"),
        room=room,
    )
    return mask(packed).request


def _parts(
    asked: Iterable[tuple[Request, Packed]], current: Taxonomy
) -> Iterable[tuple[Packed, str]]:
    """Each packed request's part of the reply to it, "" where that is missing or cannot be used."""
    said = dict[int, dict[str, str]]()
    for request, packed in asked:
        if packed.call_id not in said:
            said[packed.call_id] = packing.usable_by_code(packed.text, current)
        code = packing.find_code(request.content[0], packed.content)
        yield packed, said[packed.call_id].get(code, "")
