"""A short support reply and a thought, put together from the words of the ticket and of the sources."""

import re
from collections import Counter

from triage.simulator.answers.asking import Asked
from triage.simulator.answers.index import Bm25
from triage.simulator.answers.words import unigrams, words

SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
MAX_QUOTE = 140
SHARED_WORDS = 2  # with the ticket, that a source's sentence must have to be used
BRIEF = re.compile(r"\b(?:brief|short|shorter|concise)\b", re.IGNORECASE)
GREETINGS = (
    (re.compile(r"\bformal(?:ly)?\b", re.IGNORECASE), "Dear Sir or Madam,"),
    (re.compile(r"\b(?:warmer|friendl\w+)\b", re.IGNORECASE), "Hi there,"),
)


def write_reply(asked: Asked) -> str:
    """A plausible reply to a ticket, or the rest of one that broke off.

    It promises nothing of its own: no refund, no date, no link. It takes over the sentence of the sources that has most in
    common with the ticket and cites it as asked; a wish becomes a gap for the person who wished it. Of other instructions it
    uses no more than that they were given.
    """
    whole = _whole(asked)
    return _rest_of(whole, asked) if asked.begun else whole


def think(ticket: str) -> str:
    """What the model would show of its thinking."""
    topic = ", ".join(_keywords(ticket)) or "nothing specific"
    return f"The text speaks of {topic}. I compare it with what the instructions say."


def _whole(asked: Asked) -> str:
    answer, wish = _from_sources(asked), f"[{asked.wish}]" if asked.wish else ""
    if BRIEF.search(asked.question):
        paragraphs = [answer or f"I am looking into {_topic(asked)} and will check the details."]
    else:
        paragraphs = [_opening(asked), answer, _question(asked)]
    said = [_greeting(asked), *paragraphs, wish, "Kind regards,\nSupport"]
    return "\n\n".join(filter(None, said))


def _greeting(asked: Asked) -> str:
    fitting = [greeting for pattern, greeting in GREETINGS if pattern.search(asked.question)]
    return next(iter(fitting), "Hello,")


def _topic(asked: Asked) -> str:
    return ", ".join(_keywords(asked.ticket)) or "your request"


def _opening(asked: Asked) -> str:
    return (
        f"Thank you for getting in touch about {_topic(asked)}. "
        f'I understand that you wrote: "{_first_sentence(asked.ticket)}" '
        "I am sorry for the trouble this has caused."
    )


def _question(asked: Asked) -> str:
    told = "Following our guidance, I" if asked.instructions.strip() else "I"
    return (
        f"{told} have looked at what you describe and will check the details on our side. "
        "To help you quickly, could you tell us when this first happened and whether you "
        "saw an error message? If anything has changed since you wrote, please add it here."
    )


def _from_sources(asked: Asked) -> str:
    """The sentence of the sources that fits the ticket best, with its marker; "" where none fits."""
    sentences = [
        (source.id, sentence)
        for source in asked.sources
        for sentence in SENTENCE_END.split(source.text)
    ]
    query = unigrams(asked.ticket)
    features = [unigrams(sentence) for _, sentence in sentences]
    scores = Bm25(features).score(query)
    fitting = [n for n, found in enumerate(features) if _shared(found, query) >= SHARED_WORDS]
    if not fitting:
        return ""
    source_id, sentence = sentences[max(fitting, key=lambda n: scores[n])]
    opening, closing = asked.marker or ("", "")
    return f"{sentence} {opening}{source_id}{closing}" if asked.marker else sentence


def _shared(one: Counter[str], other: Counter[str]) -> int:
    return len(one.keys() & other.keys())


def _rest_of(whole: str, asked: Asked) -> str:
    """What comes in `whole` after what was begun; where that is none of ours, a sentence to end it with."""
    begun = asked.begun.rstrip()
    last_word = (begun.split() or [""])[-1] if asked.repeats_last_word else ""
    unmarked, places = _without_markers(whole, asked.marker)
    if not unmarked.startswith(begun):
        gap = " " if last_word else ""
        return f"{last_word}{gap}We will check the details on our side.\n\nKind regards,\nSupport"
    if last_word:
        return whole[places[len(begun) - len(last_word)] :]
    return whole[places[len(begun) - 1] + 1 :]  # with the marker that may have been cut off


def _without_markers(text: str, marker: tuple[str, str] | None) -> tuple[str, list[int]]:
    """The text as it reads without its markers, and where each of its characters, and its end, stands in `text`."""
    places = list(range(len(text)))
    if marker:
        for found in re.finditer(rf" ?{re.escape(marker[0])}\d+{re.escape(marker[1])}", text):
            places = [place for place in places if not found.start() <= place < found.end()]
    return "".join(text[place] for place in places), [*places, len(text)]


def _keywords(text: str) -> list[str]:
    """The three longest words, in the order they appear."""
    found = list(dict.fromkeys(words(text)))
    longest = set(sorted(found, key=lambda word: -len(word))[:3])
    return [word for word in found if word in longest]


def _first_sentence(text: str) -> str:
    found = SENTENCE.search(" ".join(text.split()))
    return found[0].strip()[:MAX_QUOTE] if found else text.strip()[:MAX_QUOTE]
