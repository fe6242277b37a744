"""The same sums as the cells', made in Python from every row there is: slow, and nothing like the SQL they judge."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from triage.models import (
    Attempt,
    AttemptCell,
    Call,
    CallCell,
    ConfusionCell,
    Draft,
    DraftCell,
    DraftState,
    Field,
    FieldDecision,
    Grain,
    State,
    Subject,
    Tally,
    Ticket,
    TicketCell,
    TicketDay,
    Triage,
    TriageCell,
)
from triage.selectors.track_record import BANDS

Sums = dict[tuple[Any, ...], Counter[str]]
TOKENS = (
    "uncached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
)
ATTEMPTS = ("attempts", "calls", "errors", *TOKENS, "cache_hits", "cache_writes", "cost_nanousd")
CALLS = ("calls", "answered", "failed", "running", "stored", "joined", "saved_nanousd")
RUNS: tuple[str, ...] = (
    "runs",
    "first_runs",
    "escalated",
    "judged",
    "right",
    "changed",
    "changed_judged",
)
RUNS += ("changed_right", "first_right", "confidence_micro", "cost_nanousd")
DRAFTS: tuple[str, ...] = (
    "drafts",
    "underway",
    "waiting",
    "sent_unchanged",
    "sent_edited",
    "edited_milli",
)
DRAFTS += ("discarded", "broken", "failed", "cancelled", "cost_nanousd", "sent_nanousd")


def start_of(moment: datetime, grain: Grain) -> datetime:
    start = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return start if grain == Grain.HOUR else start.replace(hour=0)


def attempts(grain: Grain) -> Sums:
    sums: Sums = defaultdict(Counter)
    seen: set[tuple[int, str]] = set()
    for row in Attempt.objects.select_related("call").order_by("call", "number"):
        call = row.call
        key = (start_of(row.opened_at, grain), call.feature, row.model, call.by_id, _team(call))
        written = row.cache_write_5m_tokens + row.cache_write_1h_tokens
        sums[key] += Counter(
            attempts=1,
            calls=int((row.call_id, row.model) not in seen),
            errors=int(row.error != ""),
            cache_hits=int(row.cache_read_tokens > 0),
            cache_writes=int(row.cache_read_tokens == 0 and written > 0),
            cost_nanousd=row.cost_nanousd,
            **{name: getattr(row, name) for name in TOKENS},
        )
        seen.add((row.call_id, row.model))
    return sums


def calls(grain: Grain) -> Sums:
    sums: Sums = defaultdict(Counter)
    for call in Call.objects.all():
        key = (start_of(call.created_at, grain), call.feature, call.model_asked, call.by_id)
        sums[(*key, _team(call))] += Counter(
            calls=1,
            saved_nanousd=call.saved_nanousd,
            **{call.state: 1},
            **({call.obtained: 1} if call.obtained in ("stored", "joined") else {}),
        )
    return sums


def tallies(grain: Grain) -> Sums:
    """All subjects but the causes of cache misses, which have tests of their own."""
    sums: Sums = defaultdict(Counter)
    for row in Attempt.objects.select_related("call"):
        start = start_of(row.opened_at, grain)
        for subject, value in (
            (Subject.ERROR, row.error),
            (Subject.STOP_REASON, row.stop_reason),
            (Subject.CERTAINTY, row.certainty),
        ):
            if value:
                key = (start, str(subject), row.call.feature, row.model, value)
                is_bound = subject == Subject.CERTAINTY
                sums[key] += Counter(
                    number=1,
                    cost_nanousd=row.cost_nanousd,
                    bound_nanousd=row.bound_nanousd if is_bound else 0,
                )
    for call in Call.objects.all():
        start = start_of(call.created_at, grain)
        for subject, value in (
            (Subject.OBTAINED, call.obtained),
            (Subject.CALL_ERROR, call.error),
            (Subject.PROMPT, call.prompt_version),
        ):
            if value:
                key = (start, str(subject), call.feature, call.model_asked, value)
                sums[key] += Counter(number=1, cost_nanousd=call.cost_nanousd)
    return sums


def runs(grain: Grain) -> Sums:
    sums: Sums = defaultdict(Counter)
    for run in Triage.objects.filter(state=State.DONE).select_related("ticket"):
        assert run.finished_at
        made = FieldDecision.objects.filter(triage=run, field=Field.LABEL).first()
        label = made.value if made else ""
        judged = made.corrected_to if made else ""
        first = run.first_answer["label"]["value"] if run.first_answer else None
        key = (
            start_of(run.finished_at, grain),
            run.stage,
            label,
            made.decision if made else "withheld",
            _band(made.confidence if made else None),
            run.variant_id or 0,
            run.ticket.team_id or 0,
        )
        is_changed = first is not None and first != label
        sums[key] += Counter(
            runs=1,
            first_runs=int(not run.is_rerun),
            escalated=int(run.escalated),
            judged=int(judged != ""),
            right=int(judged == label != ""),
            changed=int(is_changed),
            changed_judged=int(is_changed and judged != ""),
            changed_right=int(is_changed and judged == label != ""),
            first_right=int(judged != "" and judged == first),
            confidence_micro=round((made.confidence or 0) * 1_000_000) if made else 0,
            cost_nanousd=run.cost_nanousd,
        )
    return sums


def confusions(grain: Grain) -> Sums:
    sums: Sums = defaultdict(Counter)
    for made in FieldDecision.objects.filter(field=Field.LABEL).select_related("triage"):
        run = made.triage
        if run.state == State.DONE and made.corrected_to and made.corrected_to != made.value:
            assert run.finished_at
            key = (start_of(run.finished_at, grain), made.value, made.corrected_to)
            sums[key] += Counter(runs=1)
    return sums


def drafts(grain: Grain) -> Sums:
    sums: Sums = defaultdict(Counter)
    for draft in Draft.objects.select_related("ticket__label", "ticket__suggested_label"):
        ticket = draft.ticket
        label = ticket.label or ticket.suggested_label
        key = (
            start_of(draft.created_at, grain),
            label.slug if label else "",
            ticket.team_id or 0,
            draft.by_id,
        )
        is_sent = draft.state == DraftState.SENT
        edited = draft.edited_share or 0
        sums[key] += Counter(
            drafts=1,
            cost_nanousd=draft.cost_nanousd,
            sent_nanousd=draft.cost_nanousd if is_sent else 0,
            edited_milli=round(edited * 1000) if is_sent else 0,
            **{_fate(draft, edited): 1},
        )
    return sums


def tickets(grain: Grain) -> Sums:
    sums: Sums = defaultdict(Counter)
    for ticket in Ticket.objects.all():
        team = ticket.team_id or 0
        sums[(start_of(ticket.created_at, grain), team)] += Counter(created=1)
        if ticket.solved_at:
            sums[(start_of(ticket.solved_at, grain), team)] += Counter(solved=1)
    return sums


def ticket_days() -> Sums:
    sums: Sums = defaultdict(Counter)
    seen: set[tuple[Any, ...]] = set()
    for row in Attempt.objects.select_related("call").filter(call__about_kind="ticket"):
        key = (row.opened_at.astimezone(UTC).date(), int(row.call.about_id))
        is_new = (*key, row.call_id) not in seen
        sums[key] += Counter(calls=int(is_new), attempts=1, cost_nanousd=row.cost_nanousd)
        seen.add((*key, row.call_id))
    return sums


def cells(grain: Grain) -> dict[str, Sums]:
    """What the cells say, in the same shape."""
    key = ("starts_at", "feature", "model", "by_id", "team_id")
    run_key = ("starts_at", "stage", "label", "decision", "band", "variant_id", "team_id")
    mine = {"grain": grain}
    subjects = [Subject.ERROR, Subject.STOP_REASON, Subject.CERTAINTY, Subject.OBTAINED]
    counted = Tally.objects.filter(
        **mine, subject__in=[*subjects, Subject.CALL_ERROR, Subject.PROMPT]
    )
    tally_key = ("starts_at", "subject", "feature", "model", "value")
    draft_key = ("starts_at", "label", "team_id", "by_id")
    return {
        "attempts": _read(AttemptCell.objects.filter(**mine).values(), key, ATTEMPTS),
        "calls": _read(CallCell.objects.filter(**mine).values(), key, CALLS),
        "tallies": _read(counted.values(), tally_key, ("number", "cost_nanousd", "bound_nanousd")),
        "runs": _read(TriageCell.objects.filter(**mine).values(), run_key, RUNS),
        "confusions": _read(
            ConfusionCell.objects.filter(**mine).values(),
            ("starts_at", "label", "corrected_to"),
            ("runs",),
        ),
        "drafts": _read(DraftCell.objects.filter(**mine).values(), draft_key, DRAFTS),
        "tickets": _read(
            TicketCell.objects.filter(**mine).values(),
            ("starts_at", "team_id"),
            ("created", "solved"),
        ),
        "ticket_days": _read(
            TicketDay.objects.values(), ("day", "ticket_id"), ("calls", "attempts", "cost_nanousd")
        ),
    }


def rows(grain: Grain) -> dict[str, Sums]:
    """What the cells should say."""
    return {
        "attempts": _plain(attempts(grain)),
        "calls": _plain(calls(grain)),
        "tallies": _plain(tallies(grain)),
        "runs": _plain(runs(grain)),
        "confusions": _plain(confusions(grain)),
        "drafts": _plain(drafts(grain)),
        "tickets": _plain(tickets(grain)),
        "ticket_days": _plain(ticket_days()),
    }


def _read(found: Iterable[Any], key: tuple[str, ...], columns: tuple[str, ...]) -> Sums:
    return _plain(
        {
            tuple(row[name] for name in key): Counter({name: row[name] for name in columns})
            for row in found
        }
    )


def _plain(sums: Sums) -> Sums:
    """Without the zeros, of which a counter has some and a row all."""
    return {key: Counter({n: v for n, v in each.items() if v}) for key, each in sums.items()}


def _team(call: Call) -> int:
    if call.about_kind != "ticket":
        return 0
    return Ticket.objects.get(pk=call.about_id).team_id or 0


def _band(confidence: float | None) -> int:
    if confidence is None:
        return -1
    return max(number for number, (low, _) in enumerate(BANDS) if low <= confidence)


def _fate(draft: Draft, edited: float) -> str:
    if draft.state == DraftState.SENT:
        return "sent_edited" if edited else "sent_unchanged"
    if draft.is_underway:
        return "underway"
    return "waiting" if draft.state in ("ready", "accepted") else draft.state
