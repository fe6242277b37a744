"""What a reply rests on: the markers by which Claude names its sources, taken out of the text as it comes.

A marker is `[[12]]` at the end of a sentence, `[[12, 14]]` for two sources. The text never shows one, not in pieces either: what
may become a marker is held back until it has, or has become something else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from triage.models import Article
from triage.selectors.objects import Json
from triage.services.drafts.joining import Joint
from triage.services.drafts.places import CITATIONS_MAX, Citation

MARKER = re.compile(r"[ \t]{0,3}\[\[([0-9][0-9 ,;]{0,40})\]\]")
BEGUN = re.compile(r"[ \t]{0,3}(?:\[(?:\[(?:[0-9][0-9 ,;]{0,40}\]?)?)?)?\Z")
SOURCE_ID = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Written:
    """A reply as far as it has come, in the order in which its sources were first cited."""

    text: str = ""
    citations: tuple[Citation, ...] = ()


class CitedText:
    """Add a reply's pieces as they come; `written` is what there is of it, at any moment and for any thread.

    `known` are the ids that may be cited; a marker that names another is dropped all the same.
    """

    def __init__(self, begun: Written) -> None:
        self.written = begun
        self.known: frozenset[int] = frozenset()
        self._held = ""
        self._joint = Joint(begun.text)

    def add(self, piece: str) -> None:
        self._held += piece
        while marker := MARKER.search(self._held):
            self._pass_on(self._held[: marker.start()])
            self._cite(int(found) for found in SOURCE_ID.findall(marker[1]))
            self._held = self._held[marker.end() :]
        begun = BEGUN.search(self._held)
        sure = begun.start() if begun else len(self._held)
        self._pass_on(self._held[:sure])
        self._held = self._held[sure:]

    def end(self) -> None:
        """Nothing more comes: blanks that were held back count, the beginning of a marker does not."""
        blanks = self._held if self._held.isspace() else ""
        self._pass_on(blanks)
        self._held = ""

    def _pass_on(self, text: str) -> None:
        if new := self._joint.add(text):
            self.written = Written(self.written.text + new, self.written.citations)

    def _cite(self, source_ids: Iterable[int]) -> None:
        text, citations = self.written.text, self.written.citations
        for source_id in source_ids:
            is_new = source_id not in [citation.source_id for citation in citations]
            if is_new and source_id in self.known and len(citations) < CITATIONS_MAX:
                citations += (Citation(source_id, len(text)),)
        self.written = Written(text, citations)


def with_given(sources: list[Json], articles: Iterable[Article]) -> list[Json]:
    """The sources of a draft: those that it cites already, as it goes on with another, then the articles it is given."""
    cited = [source for source in sources if source["is_cited"]]
    known = {source["id"] for source in cited}
    new = [_source_object(article) for article in articles if article.pk not in known]
    return [*cited, *new]


def marked(sources: list[Json], citations: tuple[Citation, ...]) -> list[Json]:
    """The sources with what is cited marked: those that are come first, in the order in which they were."""
    at = {citation.source_id: citation.at for citation in citations}
    by_id = {source["id"]: source for source in sources}
    ordered = [*(key for key in at if key in by_id), *(key for key in by_id if key not in at)]
    return [{**by_id[key], "is_cited": key in at, "at": at.get(key)} for key in ordered]


def citations_in(sources: list[Json]) -> tuple[Citation, ...]:
    """What `marked` has marked."""
    return tuple(
        Citation(source["id"], source.get("at") or 0) for source in sources if source["is_cited"]
    )


def _source_object(article: Article) -> Json:
    """A source as a draft's row keeps it; `at` is the character up to which the text rests on it, once it is cited."""
    return {
        "id": article.pk,
        "kind": article.kind,
        "title": article.title,
        "url": article.url or None,
        "is_cited": False,
        "at": None,
    }
