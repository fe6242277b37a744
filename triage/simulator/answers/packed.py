"""Several tickets in one request: each read by itself, and answered in a list by the id it came with."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from triage.simulator.answers.reading import plain, user_text
from triage.simulator.answers.schema import Judge, Writer
from triage.simulator.parts import Fault
from triage.simulator.wire import JsonObject

DOCUMENT = re.compile(
    r"<ticket\b[^>]*\bid=\"([^\"]+)\"[^>]*>(.*?)</ticket>", re.DOTALL | re.IGNORECASE
)
UNASKED = "no-such-id"


@dataclass(frozen=True, slots=True)
class Pack:
    """What is asked about several tickets: the property that lists the answers, one answer's schema, the tickets by id."""

    name: str
    item: JsonObject
    tickets: dict[str, str]


def find_pack(body: JsonObject, schema: JsonObject) -> Pack | None:
    """The pack that a request holds: tickets with ids, and a schema that lists answers with these ids."""
    tickets = {found[1]: plain(found[2]) for found in DOCUMENT.finditer(user_text(body))}
    for name, listed in schema.get("properties", {}).items():
        item = listed.get("items", {})
        asked = item.get("properties", {}).get("id")
        if tickets and asked and tickets.keys() <= set(asked.get("enum", tickets)):
            return Pack(name, item, tickets)
    return None


def write_pack(
    pack: Pack, judge_of: Callable[[str, Fault | None], Judge], *, fault: Fault | None
) -> JsonObject:
    """An answer for every ticket, in the order they stand.

    `fault` may leave out the last answer, give the first twice, or give the first an id that no ticket has. What it does to an
    answer's values it does to the first alone.
    """
    answers: list[JsonObject] = []
    for key, text in pack.tickets.items():
        answers.append(_write(pack.item, judge_of(text, None if answers else fault), text, key))
    first, *others = answers
    if fault is Fault.ID_MISSING:
        answers = answers[:-1]
    elif fault is Fault.ID_DOUBLED:
        answers = [first, *answers]
    elif fault is Fault.ID_INVENTED:
        answers = [{**first, "id": _unasked(pack)}, *others]
    return {pack.name: answers}


def _write(item: JsonObject, judge: Judge, text: str, key: str) -> JsonObject:
    """One answer in the order of the schema; the id is copied, not judged."""
    properties = {name: part for name, part in item["properties"].items() if name != "id"}
    written: JsonObject = Writer({**item, "properties": properties}, judge, text).write()
    said = {**written, "id": key}
    return {name: said[name] for name in item["properties"]}


def _unasked(pack: Pack) -> str:
    """An id that the schema admits and no ticket has, where there is one."""
    admitted = pack.item["properties"]["id"].get("enum", ())
    return next((each for each in admitted if each not in pack.tickets), UNASKED)
