"""A batch is written down whole before anything leaves: its calls, and an attempt a line that holds the line's bound."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.backends.utils import CursorWrapper

from accounts.models import User
from triage.exceptions import BudgetExceeded
from triage.models import Attempt, Batch, BatchLine, Call, Feature, Prompt
from triage.services.gateway import alarms, budgets, dedup, journal
from triage.services.gateway.batches import claims
from triage.services.gateway.budgets import HeldByOthers, Standing
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.journal import durable
from triage.services.gateway.pricing import PriceCard, card_of
from triage.services.gateway.prompts import KeptPrompt, keep_guide, prompt_of
from triage.services.gateway.request import About, Request
from triage.services.gateway.shaping import shape

EXPIRY_HOURS = 24  # the provider's, from the creation
LEASE_SECONDS = (EXPIRY_HOURS + 1) * 3600.0  # of a line: an hour to collect what ended at the last
LINES_AT_MOST = 1_000  # the provider takes 100,000; so many are written or collected in seconds
BREAKPOINT = {"type": "ephemeral", "ttl": "1h"}  # a batch may take longer than five minutes

PACK = "pack"  # what the call of several lines is about

Link = Callable[[Sequence[int | None]], None]


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch and the thing it is about."""

    request: Request
    about: About


@dataclass(frozen=True, slots=True)
class Pack:
    """One request that asks what several lines ask; `places` are theirs in what the packer was given."""

    request: Request
    places: Sequence[int]


Packer = Callable[[Sequence[Line]], Sequence[Pack]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of the lines: `batch` asks so many of them; the others are stored, in flight, or equal to one in it."""

    batch: Batch | None
    lines: int
    reused: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """What holds for all lines."""

    model: str
    feature: Feature
    by: User
    price: PriceCard
    packer: Packer | None


@dataclass(frozen=True, slots=True)
class _Costed:
    """A line as it will be sent, and the most it can cost."""

    line: Line
    fingerprint: str
    prompt: KeptPrompt
    body: dict[str, Any]
    bound_nanousd: int


def _link_nothing(_: Sequence[int | None]) -> None:
    """Nothing waits for the lines."""


def prepare(
    lines: Sequence[Line],
    *,
    model: str,
    feature: Feature,
    by: User,
    link: Link = _link_nothing,
    packer: Packer | None = None,
) -> Prepared:
    """Write a batch of at most LINES_AT_MOST lines and hold its bound, all or none; `advance` hands it in.

    The lines differ in their messages alone. Each is asked once: those with a stored reply, or that an equal call or batch is
    asking already, stay out.

    Args:
        link: Called in the same transaction with, for each of `lines`, the id of the batch underway that will answer it, or
            None; so what waits for the lines is tied to them or nothing is written at all.
        packer: Puts the lines that must be asked together, each into one pack. A pack's call is `about` PACK and the number of
            its lines; when the batch has ended, `unpacking` makes its reply theirs.

    Raises:
        BudgetExceeded: Some budget has no room for all of it now; nothing is written or held.
        ModelNotPriced: The model has no price in batches.
        InsideTransaction: The caller holds a transaction open.
    """
    journal.check_outside_transaction()
    plan = _Plan(model, feature, by, card_of(model, is_batch=True), packer)
    costed = [_cost(line, plan) for line in lines]
    try:
        with durable() as cursor:
            batch, asked, standings = _write(cursor, costed, plan, link)
    except BudgetExceeded as refusal:
        alarms.note_refusal(refusal)
        raise
    alarms.note_standings(standings)
    return Prepared(batch, asked, len(lines) - asked)


def _cost(line: Line, plan: _Plan) -> _Costed:
    body = shape(line.request, plan.model)
    fingerprint = fingerprint_of(line.request, body)
    body["system"] = [{**block, "cache_control": BREAKPOINT} for block in body["system"]]
    size = len(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    bound = plan.price.bound_nanousd(request_bytes=size, max_tokens=body["max_tokens"])
    return _Costed(line, fingerprint, prompt_of(line.request), body, bound)


def _write(
    cursor: CursorWrapper, costed: Sequence[_Costed], plan: _Plan, link: Link
) -> tuple[Batch | None, int, list[Standing]]:
    """Guides, claims, calls, then the attempts in one statement: the order in which everyone takes locks.

    The batch with how many of the lines it asks.
    """
    for _, prompt in sorted(_guides(costed, plan).items()):
        keep_guide(cursor, prompt)
    distinct = {each.fingerprint: each for each in costed}
    ids = dict(zip(distinct, _next_call_ids(cursor, len(distinct)), strict=True))
    claimed = dedup.claim_many(cursor, ids, lease_seconds=LEASE_SECONDS)
    mine = [distinct[fingerprint] for fingerprint in sorted(claimed)]
    answering = claims.find_batches(cursor, distinct.keys() - claimed)
    asking = _pack(cursor, mine, ids, plan) if plan.packer and mine else mine
    batch = _create_batch(asking, plan) if asking else None
    if batch:
        answering |= dict.fromkeys(claimed, batch.pk)
    link([answering.get(each.fingerprint) for each in costed])
    standings = _open_lines(cursor, batch, asking, ids, plan) if batch else []
    return batch, len(mine), standings


def _guides(costed: Sequence[_Costed], plan: _Plan) -> dict[str, KeptPrompt]:
    """What the prompts share, by digest. All packs have one guide, which is that of any."""
    prompts = [each.prompt for each in costed]
    if plan.packer and costed:
        prompts = [prompt_of(pack.request) for pack in plan.packer([costed[0].line])]
    return {prompt.guide_digest: prompt for prompt in prompts}


def _pack(
    cursor: CursorWrapper, mine: Sequence[_Costed], ids: dict[str, int], plan: _Plan
) -> list[_Costed]:
    """The packs that ask for `mine`. Each has the id of its first line's call, which now owns the claims of all its lines."""
    asking = []
    packs = plan.packer([each.line for each in mine]) if plan.packer else []
    if sorted(place for pack in packs for place in pack.places) != list(range(len(mine))):
        raise ValueError("each line must stand in one pack")
    for pack in packs:
        fingerprints = [mine[place].fingerprint for place in pack.places]
        whole = _cost(Line(pack.request, About(PACK, str(len(fingerprints)))), plan)
        ids[whole.fingerprint] = ids[fingerprints[0]]
        dedup.hand_over(cursor, fingerprints, owner=ids[whole.fingerprint])
        asking.append(whole)
    return asking


def _next_call_ids(cursor: CursorWrapper, count: int) -> list[int]:
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence('triage_call', 'id')) FROM generate_series(1, %s)",
        [count],
    )
    return [row[0] for row in cursor.fetchall()]


def _create_batch(mine: Sequence[_Costed], plan: _Plan) -> Batch:
    shared = {_shared(each.body) for each in mine}
    if len(shared) > 1:
        raise ValueError("the lines of a batch may differ in their messages alone")
    return Batch.objects.create(
        feature=plan.feature, model=plan.model, lines=len(mine), system=shared.pop()
    )


def _shared(body: dict[str, Any]) -> str:
    """All but the messages, as text: JSON in the database would lose the order of the answer's fields."""
    return json.dumps({key: body[key] for key in body if key != "messages"}, ensure_ascii=False)


def _open_lines(
    cursor: CursorWrapper,
    batch: Batch,
    mine: Sequence[_Costed],
    ids: Mapping[str, int],
    plan: _Plan,
) -> list[Standing]:
    Call.objects.bulk_create([_build_call(ids[each.fingerprint], each, plan) for each in mine])
    Prompt.objects.bulk_create([_build_prompt(ids[each.fingerprint], each) for each in mine])
    opened_at = journal.read_now(cursor)
    attempts = Attempt.objects.bulk_create(
        [_build_attempt(ids[each.fingerprint], each, batch, plan, opened_at) for each in mine]
    )
    BatchLine.objects.bulk_create(
        [
            BatchLine(attempt=attempt, body={"messages": each.body["messages"]})
            for attempt, each in zip(attempts, mine, strict=True)
        ]
    )
    total = sum(each.bound_nanousd for each in mine)
    return _check_budgets(cursor, plan, opened_at, total)


def _build_call(call_id: int, each: _Costed, plan: _Plan) -> Call:
    return Call(
        id=call_id,
        feature=plan.feature,
        by=plan.by,
        about_kind=each.line.about.kind,
        about_id=each.line.about.id,
        fingerprint=each.fingerprint,
        prompt_version=each.line.request.prompt_version,
        model_asked=plan.model,
    )


def _build_prompt(call_id: int, each: _Costed) -> Prompt:
    return Prompt(
        call_id=call_id,
        guide_digest=each.prompt.guide_digest,
        content=each.prompt.content,
        max_tokens=each.line.request.max_tokens,
    )


def _build_attempt(
    call_id: int, each: _Costed, batch: Batch, plan: _Plan, opened_at: datetime
) -> Attempt:
    return Attempt(
        call_id=call_id,
        batch=batch,
        number=1,
        model=plan.model,
        bound_nanousd=each.bound_nanousd,
        cost_nanousd=each.bound_nanousd,
        price=plan.price.stamp(),
        opened_at=opened_at,
        lease_until=opened_at + timedelta(seconds=LEASE_SECONDS),
    )


def _check_budgets(
    cursor: CursorWrapper, plan: _Plan, opened_at: datetime, total: int
) -> list[Standing]:
    try:
        return budgets.check(
            cursor, feature=plan.feature, by_id=plan.by.pk, at=opened_at, bound_nanousd=total
        )
    except HeldByOthers as held:
        raise budgets.exceeded(
            held.standing,
            bound_nanousd=total,
            retry_after_seconds=budgets.HELD_RETRY_SECONDS,
        ) from None
