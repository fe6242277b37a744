"""The offer to take a change of a field back."""

from dataclasses import asdict, dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Undo:
    """`words` say what was changed; setting `field` to `value` takes it back, while the ticket is at `version`."""

    ticket_id: int
    words: str
    field: str
    value: str
    version: int


KEPT_UNDO = "undo"  # where the session keeps an offer for the page that follows
KEPT_BULK = "bulk"  # where the session keeps the bulk change that the queue offers to take back


def keep(request: HttpRequest, undo: Undo) -> None:
    """For the page that follows, whichever it is."""
    request.session[KEPT_UNDO] = asdict(undo)


def take(request: HttpRequest) -> Undo | None:
    """The offer that waits, if there is one; it does not wait any longer."""
    kept = request.session.pop(KEPT_UNDO, None)
    return Undo(**kept) if kept else None
