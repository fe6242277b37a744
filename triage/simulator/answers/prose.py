"""A short support reply and a thought, put together from the ticket's own words."""

import re

from triage.simulator.answers.words import words

SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
MAX_QUOTE = 140


def write_reply(ticket: str, instructions: str) -> str:
    """A plausible reply to a ticket; its length does not depend on the instructions.

    It promises nothing: no refund, no date, no link. That the instructions were given is all
    that is used of them.
    """
    topic = ", ".join(_keywords(ticket)) or "your request"
    quote = _first_sentence(ticket)
    told = "Following our guidance, I" if instructions.strip() else "I"
    return (
        f"Hello,\n\nThank you for getting in touch about {topic}. "
        f'I understand that you wrote: "{quote}" '
        "I am sorry for the trouble this has caused.\n\n"
        f"{told} have looked at what you describe and will check the details on our side. "
        "To help you quickly, could you tell us when this first happened and whether you "
        "saw an error message? If anything has changed since you wrote, please add it here.\n\n"
        "Kind regards,\nSupport"
    )


def think(ticket: str) -> str:
    """What the model would show of its thinking."""
    topic = ", ".join(_keywords(ticket)) or "nothing specific"
    return f"The text speaks of {topic}. I compare it with what the instructions say."


def _keywords(text: str) -> list[str]:
    """The three longest words, in the order they appear."""
    found = list(dict.fromkeys(words(text)))
    longest = set(sorted(found, key=lambda word: -len(word))[:3])
    return [word for word in found if word in longest]


def _first_sentence(text: str) -> str:
    found = SENTENCE.search(" ".join(text.split()))
    return found[0].strip()[:MAX_QUOTE] if found else text.strip()[:MAX_QUOTE]
