"""What the draft's layer shows: the newest draft of a ticket that nobody has decided on, and what can be done with it."""

from dataclasses import dataclass

from triage.models import Draft, DraftState, Obtained, Ticket
from triage.selectors.drafts import NOTICES

SHOWN = (
    DraftState.QUEUED,
    DraftState.RUNNING,
    DraftState.READY,
    DraftState.BROKEN,
    DraftState.FAILED,
    DraftState.CANCELLED,
    DraftState.ACCEPTED,
)
CAN_GO_ON = (DraftState.BROKEN, DraftState.CANCELLED)
HEADINGS: dict[str, str] = {
    DraftState.QUEUED: "Draft: waiting for a worker",
    DraftState.RUNNING: "Draft: being written",
    DraftState.READY: "Draft: ready for you to check",
    DraftState.BROKEN: "Draft: broken off",
    DraftState.FAILED: "No draft",
    DraftState.CANCELLED: "Draft: stopped",
    DraftState.ACCEPTED: "Draft: taken into the reply",
}


@dataclass(frozen=True, slots=True)
class Panel:
    """`notice` is what to know before using a reply that is second best; `was_free`: a stored reply that cost nothing."""

    draft: Draft | None = None
    heading: str = ""
    notice: str = ""
    was_free: bool = False

    @property
    def is_usable(self) -> bool:
        """There is text that can be taken."""
        draft = self.draft
        return bool(draft and not draft.is_underway and draft.text.strip())

    @property
    def can_go_on(self) -> bool:
        """It broke off with text, and the thread is still the one that it answers."""
        draft = self.draft
        return bool(
            draft and draft.state in CAN_GO_ON and draft.text.strip() and not draft.is_stale
        )

    @property
    def is_taken(self) -> bool:
        return bool(self.draft and self.draft.state == DraftState.ACCEPTED)


def load(ticket: Ticket) -> Panel:
    """The panel of a ticket, in one query."""
    newest = Draft.objects.filter(ticket=ticket).order_by("-created_at", "-id").first()
    return of(newest) if newest and newest.state in SHOWN else Panel()


def of(draft: Draft) -> Panel:
    return Panel(
        draft=draft,
        heading=HEADINGS[draft.state],
        notice=NOTICES.get(draft.obtained, ""),
        was_free=draft.obtained in (Obtained.STORED, Obtained.JOINED),
    )
