"""What a person should be told: what they asked for and were not there to see the end of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils import timezone

from accounts.models import User
from triage.models import Draft, DraftState, Import
from triage.models.imports import ImportState

TOLD_AT_MOST = 20
TOLD_FOR = timedelta(hours=24)
WRITTEN_WITHIN = timedelta(
    hours=1
)  # from when a draft is asked for; by that an index finds the few


class NoticeKind(TextChoices):
    DRAFT_READY = "draft_ready", "Draft ready"
    DRAFT_BROKEN = "draft_broken", "Draft broken off"
    DRAFT_FAILED = "draft_failed", "Draft failed"
    IMPORT_DONE = "import_done", "Import done"
    IMPORT_FAILED = "import_failed", "Import failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell, in a sentence, and the page to look at: its URL's name and arguments."""

    key: str
    kind: NoticeKind
    text: str
    url_name: str
    url_args: tuple[int, ...]
    at: datetime


def notices_for(user: User) -> tuple[Notice, ...]:
    """What ended since `user` was told last, of the last 24 h, the newest first; at most TOLD_AT_MOST, in two queries."""
    since = max(user.notices_seen_at, timezone.now() - TOLD_FOR)
    found = [*_of_drafts(user, since), *_of_imports(user, since)]
    found.sort(key=lambda notice: notice.at, reverse=True)
    return tuple(found[:TOLD_AT_MOST])


def _of_drafts(user: User, since: datetime) -> Iterable[Notice]:
    """Drafts that nobody has decided on yet."""
    ended = Draft.objects.filter(
        by=user,
        state__in=(DraftState.READY, DraftState.BROKEN, DraftState.FAILED),
        created_at__gt=since - WRITTEN_WITHIN,
        finished_at__gt=since,
    )
    newest = ended.select_related("ticket").only(
        "state", "finished_at", "error_message", "ticket__subject", "ticket__description"
    )
    for draft in newest.order_by("-finished_at")[:TOLD_AT_MOST]:
        kind = NoticeKind(f"draft_{draft.state}")
        at = draft.finished_at or since
        text = _words_of_draft(draft)
        yield Notice(f"draft-{draft.pk}", kind, text, "ticket", (draft.ticket_id,), at)


def _words_of_draft(draft: Draft) -> str:
    of_ticket = f"for #{draft.ticket_id} “{draft.ticket.title}”"
    match draft.state:
        case DraftState.READY:
            return f"The draft {of_ticket} is ready."
        case DraftState.BROKEN:
            return f"The draft {of_ticket} broke off. What there is of it is kept."
        case _:
            return f"The draft {of_ticket} failed. {draft.error_message}".strip()


def _of_imports(user: User, since: datetime) -> Iterable[Notice]:
    ended = Import.objects.filter(
        by=user, state__in=(ImportState.DONE, ImportState.FAILED), updated_at__gt=since
    )
    for run in ended.order_by("-updated_at")[:TOLD_AT_MOST]:
        kind = NoticeKind(f"import_{run.state}")
        url_name, args = (
            ("admin:triage_import_change", (run.pk,)) if user.is_staff else ("queue", ())
        )
        yield Notice(
            f"import-{run.pk}", kind, _words_of_import(run), url_name, args, run.updated_at
        )


def _words_of_import(run: Import) -> str:
    if run.state == ImportState.FAILED:
        return f"The import of {run.name} failed. {run.error}"
    return f"{run.name} is imported: {run.new:,} new, {run.known:,} known, {run.refused:,} refused."
