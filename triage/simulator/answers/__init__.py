"""What the simulated model says: read from the request alone, by counting words.

`compose` is the one door. Nothing here knows labels, tickets or data of its own.
"""

import json
from dataclasses import dataclass

from triage.simulator.answers.asking import read_request
from triage.simulator.answers.changes import change_judge, spoil_json
from triage.simulator.answers.packed import find_pack, write_pack
from triage.simulator.answers.prose import think, write_reply
from triage.simulator.answers.reading import read_guide, read_ticket
from triage.simulator.answers.schema import FixedJudge, Judge, ScoringJudge, Writer
from triage.simulator.models import ServedModel
from triage.simulator.parts import Fault
from triage.simulator.wire import JsonObject

__all__ = ["Answer", "compose"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, before `max_tokens`; for a tool call `text` is the JSON of its input."""

    text: str
    stop_reason: str
    thinking: str
    tool_name: str | None = None


def compose(
    body: JsonObject, model: ServedModel, *, is_fixed: bool = False, fault: Fault | None = None
) -> Answer:
    """The answer to a checked request; the same request gets the same answer.

    With an output schema or a forced tool it is JSON that fits the schema, otherwise a short
    support reply that rests on the sources in the request, if any fit. Tickets with ids, in a request
    for a list of answers, are answered one by one. `is_fixed` fills the schema without reading the
    text, for benchmarks; `fault` may spoil the JSON, or a pack's ids.
    """
    ticket = read_ticket(body)
    schema, tool_name = _wanted(body)
    if schema is None:
        return Answer(write_reply(read_request(body)), "end_turn", think(ticket))
    judges = _Judges("" if is_fixed else read_guide(body), model, is_fixed)
    pack = find_pack(body, schema)
    if pack is None:
        written = Writer(schema, judges.of(ticket, fault), ticket).write()
    else:
        written = write_pack(pack, judges.of, fault=fault)
    text = json.dumps(written, ensure_ascii=False)
    if fault is Fault.BAD_JSON and not tool_name:
        text = spoil_json(text)
    return Answer(text, "tool_use" if tool_name else "end_turn", think(ticket), tool_name)


@dataclass(frozen=True, slots=True)
class _Judges:
    guide: str
    model: ServedModel
    is_fixed: bool

    def of(self, text: str, fault: Fault | None) -> Judge:
        """Who judges this text, as the scenario bends them."""
        scoring = ScoringJudge(self.guide, text, self.model.id, self.model.is_weak)
        return change_judge(FixedJudge() if self.is_fixed else scoring, fault)


def _wanted(body: JsonObject) -> tuple[JsonObject | None, str | None]:
    """The schema of the answer, and the forced tool it belongs to."""
    choice = body.get("tool_choice") or {}
    if choice.get("type") in ("any", "tool"):
        tools = {tool["name"]: tool for tool in body["tools"]}
        tool = tools.get(choice.get("name")) or next(iter(tools.values()))
        return tool["input_schema"], tool["name"]
    wanted = (body.get("output_config") or {}).get("format")
    return (wanted["schema"] if wanted else None), None
