"""Tickets that are like another one in their words. Similar is all that they are: nobody has judged whether they are the same.

However many tickets there are, a bounded number is looked at; see `telling`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.functions import Left

from triage.models import Message, Ticket
from triage.models.tickets import FINISHED, AuthorKind
from triage.selectors.telling import Telling, telling_words

COMPARED_AT_MOST = 100
SHARED_AT_LEAST = 2  # words: with one alone anything would be similar
OPENING_CHARACTERS = 240

CANDIDATES = """
SELECT ticket.id, coalesce(nullif(ticket.subject, ''), left(ticket.description, 90)), ticket.status, coalesce(label.name, ''),
       left(ticket.description, %(opening)s), ticket.created_at,
       ARRAY(SELECT unnest(tsvector_to_array(ticket.search)) INTERSECT SELECT unnest(%(words)s::text[]))
  FROM triage_ticket AS ticket LEFT JOIN triage_label AS label ON label.id = ticket.label_id
 WHERE ticket.id = ANY (%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Similar:
    """Another ticket. `label` is its label's name; `reply` is how an agent's last message begins, "" where it is not solved."""

    id: int
    title: str
    status: str
    label: str
    opening: str
    created_at: datetime
    reply: str = ""


def similar_tickets(ticket: Ticket, *, limit: int = 5) -> list[Similar]:
    """The tickets that share the most telling words with this one, solved ones first among equals, then the newest.

    Six queries at most. A ticket that shares fewer than SHARED_AT_LEAST words is not among them, nor is the ticket itself.
    """
    telling = telling_words(ticket.pk)
    likely = sorted(
        (number for number in telling.shared if number != ticket.pk),
        key=lambda number: (telling.score(telling.shared[number]), number),
        reverse=True,
    )
    found = [
        (round(telling.score(words)), similar)
        for similar, words in _compared(likely[:COMPARED_AT_MOST], telling)
        if len(words) >= SHARED_AT_LEAST
    ]
    found.sort(key=lambda pair: (pair[0], _is_solved(pair[1]), pair[1].created_at), reverse=True)
    return _with_replies([similar for _, similar in found[:limit]])


def _compared(ids: list[int], telling: Telling) -> Iterable[tuple[Similar, list[str]]]:
    """The tickets, each with all of the telling words that it shares."""
    if not ids:
        return
    given: dict[str, Any] = {
        "ids": ids,
        "words": list(telling.weights),
        "opening": OPENING_CHARACTERS,
    }
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, given)
        for number, title, status, label, opening, created_at, words in cursor.fetchall():
            yield Similar(number, _line(title), status, label, _line(opening), created_at), words


def _with_replies(several: list[Similar]) -> list[Similar]:
    solved = [similar.id for similar in several if _is_solved(similar)]
    replies = Message.objects.filter(
        ticket__in=solved, author_kind=AuthorKind.AGENT, is_public=True
    ).order_by("ticket", "-created_at", "-id")
    last = replies.distinct("ticket").values_list("ticket", Left("body", OPENING_CHARACTERS))
    said = {number: _line(body) for number, body in last} if solved else {}
    return [replace(similar, reply=said.get(similar.id, "")) for similar in several]


def _is_solved(similar: Similar) -> bool:
    return similar.status in FINISHED


def _line(text: str) -> str:
    return " ".join(text.split())
