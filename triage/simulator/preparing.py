"""From a checked request and its fate to the answer and its price; the same for live and batch."""

from dataclasses import dataclass, replace

from triage.simulator.answers import compose
from triage.simulator.asking import Ask
from triage.simulator.caching import CachePlan
from triage.simulator.parts import Fault, Part
from triage.simulator.pricing import NOTHING, Tokens
from triage.simulator.reply import Reply, build_reply, with_output
from triage.simulator.scenarios import Fate

# The categories whose refusals before any output are charged, since 2026-09-24.
CHARGED_REFUSALS = frozenset({"bio", "frontier_llm", "reasoning_extraction"})
REFUSAL_CATEGORY = "cyber"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the answer will be and what it uses once it is complete."""

    reply: Reply
    plan: CachePlan
    spent: Tokens
    is_charged: bool

    def charge(self, output: int | None = None) -> Tokens:
        """What is billed when `output` tokens were produced, all of them by default."""
        if not self.is_charged:
            return NOTHING
        return self.spent if output is None else with_output(self.spent, output)


def prepare(ask: Ask, plan: CachePlan, fate: Fate) -> Prepared:
    """The answer to `ask` as the scenario changes it."""
    reply = _build(ask, fate)
    details = reply.stop_details
    return Prepared(
        reply=reply,
        plan=plan,
        spent=with_output(plan.tokens, reply.output_tokens),
        is_charged=details is None or details["category"] in CHARGED_REFUSALS,
    )


def _build(ask: Ask, fate: Fate) -> Reply:
    if fate.change and fate.change.fault is Fault.REFUSAL:
        return _refuse(fate.change)
    fault = fate.change.fault if fate.change else None
    answer = compose(ask.body, ask.model, is_fixed=fate.is_fixed, fault=fault)
    reply = build_reply(answer, ask.body, ask.model)
    if fault is not Fault.MAX_TOKENS:
        return reply
    room = reply.thinking_tokens + reply.text_tokens // 2
    short = build_reply(answer, {**ask.body, "max_tokens": room}, ask.model)
    return replace(short, stop_reason="max_tokens")


def _refuse(part: Part) -> Reply:
    category = part.value or REFUSAL_CATEGORY
    details = {
        "type": "refusal",
        "category": category,
        "explanation": "The simulator declined this request because its scenario says so.",
    }
    return Reply((), "refusal", None, 0, 0, details)
