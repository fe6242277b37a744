"""Finds in a request for a reply what a writer would: the ticket, the sources, how to cite them, and what is wished."""

import re
from dataclasses import dataclass

from triage.simulator.answers.reading import (
    TICKET,
    plain,
    read_instructions,
    read_ticket,
    user_text,
)
from triage.simulator.wire import JsonObject

SOURCES = re.compile(r"<sources>(.*?)</sources>", re.DOTALL)
SOURCE = re.compile(r"<source\b[^>]*?\bid=\"(\d+)\"[^>]*>(.*?)</source>", re.DOTALL)
MARKER = re.compile(r"\bmarker\b[^.]*?([\[({]+)\d+([\])}]+)")  # "…in its marker, such as (7)"
WISH = re.compile(r"\bwish\w*:?\s*<(\w+)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
BEGUN = re.compile(r"\b(?:broke off|begun)\b.*?<(\w+)>\n(.*)\n</\1>", re.DOTALL | re.IGNORECASE)
GO_ON = re.compile(r"\b(?:continue|go on)\b", re.IGNORECASE)
LAST_WORD = re.compile(r"\b(?:begin|start) with (?:its|the) last word\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A text that the reply may rest on."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reply is asked for with.

    `marker` is the pair around a source's id, None where nobody asks to cite; `question` is what the user message says beside
    its documents, `begun` a reply that is to be gone on with, from its last word on where `repeats_last_word`.
    """

    ticket: str
    instructions: str
    question: str = ""
    sources: tuple[Source, ...] = ()
    marker: tuple[str, str] | None = None
    wish: str = ""
    begun: str = ""
    repeats_last_word: bool = False


def read_request(body: JsonObject) -> Asked:
    """What a checked request without a schema asks for."""
    instructions = read_instructions(body)
    outside = TICKET.sub(" ", user_text(body))
    question = SOURCES.sub(" ", outside)
    marker = MARKER.search(f"{instructions}\n{question}")
    wish = WISH.search(question)
    begun = BEGUN.search(question) if GO_ON.search(question) else None
    return Asked(
        ticket=read_ticket(body),
        instructions=instructions,
        question=question.replace(begun[0], " ") if begun else question,
        sources=_sources(outside),
        marker=(marker[1], marker[2]) if marker else None,
        wish=plain(wish[2]) if wish else "",
        begun=begun[2] if begun else "",
        repeats_last_word=bool(LAST_WORD.search(question)),
    )


def _sources(text: str) -> tuple[Source, ...]:
    found = SOURCES.search(text)
    each = SOURCE.findall(found[1]) if found else ()
    return tuple(Source(source_id, plain(said)) for source_id, said in each)
