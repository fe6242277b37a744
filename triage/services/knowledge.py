"""find_articles(): the canned answers and help articles that a text is about, by the words they share.

It counts words and knows no meaning: an article in another language than the ticket is found only by names and codes that both
have, and a script written without spaces hardly ever. Where nothing fits well it gives nothing.
"""

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from heapq import nlargest

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from triage.models import Article

WORD = re.compile(r"[^\W_]{3,30}")
WORDS_MAX = 300  # of a text, the first: a long mail says at its beginning what it is about
COMMON_SHARE = 3  # a word in more than every third article helps nobody to choose
COMMON_LEAST = 3  # but among few articles three may well be about the same
COMMON_MOST = 250  # and never one in more than so many: so the work is bounded
LOOKED_AT = 20  # the best by words alone, whose titles are looked at
TITLE_WORTH = 2  # of a word that stands in the title, too
WORDS_LEAST = 2  # in common, one of them in the title
LONG_WORD = 6  # letters; shorter words count less, as the commonest words of a language are its shortest (Zipf)

# Found by looking at what the 214 demo tickets get from eight articles: above it most pairs belong together, below it few do.
FLOOR = 0.7
NEAR_BEST = (
    0.5  # of the best one's rank; below that an article only shares the topic's commoner words
)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What an article shares with the text: {word: weight}, from 0 to 1 each."""

    words: dict[str, float]

    @property
    def weight(self) -> float:
        return sum(self.words.values())

    def rank(self, title: str, *, of: int) -> float:
        """How well it fits a text of so many words; 0 where the two have too little in common.

        The root makes a long text's rank comparable with a short one's: it shares more words with everything.
        """
        in_title = self.words.keys() & set(_words(title))
        if len(self.words) < WORDS_LEAST or not in_title:
            return 0.0
        extra = sum(self.words[word] for word in in_title) * (TITLE_WORTH - 1)
        return (self.weight + extra) / math.sqrt(of)


def find_articles(text: str, *, team_id: int | None, limit: int = 4) -> list[Article]:
    """The articles that fit `text`, best first; none rather than one that hardly fits.

    Only active ones, of that team or everybody's. Reads the index once for each of the first 300 different words; the length of
    `text` and the number of articles change little of that.
    """
    words = _words(text)[:WORDS_MAX]
    visible = Article.objects.filter(Q(team=None) | Q(team_id=team_id), is_active=True)
    shared = _shared(words, team_id=team_id, among=visible.count()) if words else {}
    candidates = nlargest(LOOKED_AT, shared, key=lambda pk: (shared[pk].weight, -pk))
    articles = visible.filter(pk__in=candidates).defer("search")
    return _ranked(articles, shared, of=len(words))[:limit]


def _ranked(articles: QuerySet[Article], shared: dict[int, _Shared], *, of: int) -> list[Article]:
    ranks = {article: shared[article.pk].rank(article.title, of=of) for article in articles}
    floor = max(FLOOR, NEAR_BEST * max(ranks.values(), default=0.0))
    fitting = [article for article, rank in ranks.items() if rank >= floor]
    return sorted(fitting, key=lambda article: (-ranks[article], article.pk))


def _words(text: str) -> list[str]:
    """The different words of a text in their order, without numbers."""
    found = WORD.findall(text[: WORDS_MAX * 100].lower())
    return list(dict.fromkeys(word for word in found if not word.isdigit()))


def _shared(words: list[str], *, team_id: int | None, among: int) -> dict[int, _Shared]:
    """What each of the `among` articles shares with the words that are not too common, by the article's id."""
    most = max(COMMON_LEAST, min(among // COMMON_SHARE, COMMON_MOST))
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for word, article_ids in _holders(words, team_id=team_id, most=most):
        if len(article_ids) <= most:
            weight = _rarity(len(article_ids), among) * min(1.0, len(word) / LONG_WORD)
            for article_id in article_ids:
                found[article_id][word] = weight
    return {article_id: _Shared(weights) for article_id, weights in found.items()}


def _rarity(holders: int, among: int) -> float:
    """How much a word says that so many articles have: BM25's idf as a share of the rarest word's, above 0 and at most 1."""
    return math.log(1 + (among - holders + 0.5) / (holders + 0.5)) / math.log(
        1 + (among - 0.5) / 1.5
    )


def _holders(words: list[str], *, team_id: int | None, most: int) -> list[tuple[str, list[int]]]:
    """Each word with the articles that have it: up to `most` and one, which says that it has more."""
    with transaction.atomic(), connection.cursor() as cursor:
        # The planner holds `@@` for cheap and reads every article for every word: 4 s instead of 0.1 s with 5,000 of them.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            """
            SELECT word, array_agg(id)
              FROM unnest(%s::text[]) AS word
             CROSS JOIN LATERAL (
                SELECT id FROM triage_article
                 WHERE search @@ word::tsquery AND is_active AND coalesce(team_id, 0) IN (0, %s)
                 LIMIT %s) AS holders
             GROUP BY word
            """,
            [words, team_id or 0, most + 1],
        )
        found: list[tuple[str, list[int]]] = cursor.fetchall()
        cursor.execute("SET LOCAL enable_seqscan = DEFAULT")
    return found
