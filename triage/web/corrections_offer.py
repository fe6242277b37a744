"""The offer to take a correction back. It waits in the session for the page that shows it, once."""

from dataclasses import asdict, dataclass

from django.http import HttpRequest

KEY = "correction"


@dataclass(frozen=True, slots=True)
class Offer:
    """A correction just made: the label's name now, and what to go back to ("" for no label).

    `version` is the ticket's as the correction left it: a later change makes the offer void.
    """

    ticket_id: int
    name: str
    before: str
    was_by_person: bool
    took_priority: bool
    version: int


def keep(request: HttpRequest, offer: Offer) -> None:
    request.session[KEY] = asdict(offer)


def take(request: HttpRequest, ticket_id: int) -> Offer | None:
    """The offer for this ticket, if one waits; it does not wait any longer."""
    kept = request.session.get(KEY)
    if kept is None or kept["ticket_id"] != ticket_id:
        return None
    del request.session[KEY]
    return Offer(**kept)
