"""A ticket's most telling words, and the tickets that share them: found by the index of all words, a bounded number of each.

How frequent a word is, the database's statistics say of the thousand most frequent ones; of the others the tickets that have
them are listed, up to LISTED_AT_MOST. Where a word is in more, only those that have another such word too are listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

from django.db import connection

WORDS_AT_MOST = 12
LISTED_WORDS_AT_MOST = 24
PAIRED_WORDS_AT_MOST = 4
LISTED_AT_MOST = 100
PAIRED_WITHIN = 20_000  # tickets: to intersect the lists of more frequent words is not cheap
TELLING_SHARE = 0.2  # a word in more than a fifth of the tickets tells nothing
FEW = 3  # tickets: a word in no more may tell something however few tickets there are
SHORTEST = 3  # characters

WORDS = """
SELECT word.lexeme, coalesce(known.share * total.tickets, 0), total.tickets
  FROM triage_ticket AS ticket
 CROSS JOIN LATERAL unnest(ticket.search) AS word
 CROSS JOIN (SELECT greatest(
           (SELECT reltuples FROM pg_class WHERE oid = 'triage_ticket'::regclass),
           (SELECT count(*) FROM (SELECT FROM triage_ticket LIMIT 1000) AS few)) AS tickets) AS total
  LEFT JOIN (SELECT pair.lexeme, pair.share
               FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS pair(lexeme, share)
              WHERE schemaname = current_schema() AND tablename = 'triage_ticket' AND attname = 'search') AS known
    ON known.lexeme = word.lexeme
 WHERE ticket.id = %s AND length(word.lexeme) >= %s
 ORDER BY 'A' = ANY (word.weights) DESC, word.positions[1]
"""
LISTS = """
SELECT asked.words, array_agg(found.id)
  FROM unnest(%s::text[]) AS asked(words)
 CROSS JOIN LATERAL (
       SELECT id FROM triage_ticket WHERE search @@ asked.words::tsquery LIMIT %s) AS found
 GROUP BY asked.words
"""


@dataclass(frozen=True, slots=True)
class Telling:
    """The weights of a ticket's most telling words, the rarest first, and the words that other tickets share with it.

    `shared` has every ticket that was listed, itself too, and may lack some of its words.
    """

    weights: Mapping[str, float]
    shared: Mapping[int, frozenset[str]]

    def score(self, words: Iterable[str]) -> float:
        """How much it says that another ticket has these of the words: rare ones say more."""
        return sum(self.weights.get(word, 0.0) for word in words)


def telling_words(ticket_id: int) -> Telling:
    """The ticket's most telling words, at most WORDS_AT_MOST, in three queries at most."""
    words, tickets = _words(ticket_id)
    most = max(FEW, TELLING_SHARE * tickets)
    rare = sorted((w for w in words if words[w] <= LISTED_AT_MOST), key=lambda w: words[w])
    lists = _lists([(word,) for word in rare[:LISTED_WORDS_AT_MOST]])
    counts = {word: round(seen) for word, seen in words.items() if seen > LISTED_AT_MOST}
    counts |= {word: len(ids) for (word, *_), ids in lists.items()}
    telling = sorted((w for w, n in counts.items() if 1 < n <= most), key=lambda w: counts[w])
    chosen = telling[:WORDS_AT_MOST]
    lists |= _lists(_pairs(chosen, counts))
    shared: dict[int, set[str]] = {}
    for named, ids in lists.items():
        for number in ids:
            shared.setdefault(number, set()).update(w for w in named if w in chosen)
    return Telling(
        weights={word: log(max(tickets, counts[word] + 1) / counts[word]) for word in chosen},
        shared={number: frozenset(found) for number, found in shared.items()},
    )


def _pairs(words: Iterable[str], counts: Mapping[str, int]) -> list[tuple[str, ...]]:
    """The pairs of those words that stand in too many tickets to list all."""
    frequent = [word for word in words if LISTED_AT_MOST < counts[word] <= PAIRED_WITHIN]
    return list(combinations(frequent[:PAIRED_WORDS_AT_MOST], 2))


def _words(ticket_id: int) -> tuple[dict[str, float], int]:
    """The ticket's words, those of the subject first, with in how many tickets they stand (0: not known), and of how many."""
    with connection.cursor() as cursor:
        cursor.execute(WORDS, [ticket_id, SHORTEST])
        rows = cursor.fetchall()
    return {word: seen for word, seen, _ in rows}, round(rows[0][2]) if rows else 0


def _lists(several: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], list[int]]:
    """The tickets that have all of the words, for each of several; one more than LISTED_AT_MOST at most."""
    if not several:
        return {}
    queries = {" & ".join(_quoted(word) for word in words): words for words in several}
    with connection.cursor() as cursor:
        cursor.execute(LISTS, [list(queries), LISTED_AT_MOST + 1])
        return {queries[query]: ids for query, ids in cursor.fetchall()}


def _quoted(word: str) -> str:
    """A word as a text search query has it."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
