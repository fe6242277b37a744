"""The settings of an answer: length, thinking, effort, tools, stop sequences."""

from typing import Any

from triage.simulator.errors import invalid
from triage.simulator.models import EFFORTS, ServedModel, Thinking
from triage.simulator.wire import JsonObject

MIN_THINKING_BUDGET = 1_024
TOOL_CHOICES = ("auto", "any", "tool", "none")
FORCED = ("any", "tool")


def check_settings(body: JsonObject, model: ServedModel) -> None:
    """Refuse what this model refuses (400)."""
    _check_output_config(body.get("output_config") or {}, model)
    _check_thinking(body, model)
    _check_tools(body, model)
    _check_stop_sequences(body.get("stop_sequences") or [])
    _check_diagnostics(body.get("diagnostics") or {})
    if body.get("service_tier", "auto") not in ("auto", "standard_only"):
        raise invalid("service_tier: Input should be 'auto' or 'standard_only'")
    if "max_tokens" in body:
        _check_max_tokens(body, model)


def _check_output_config(config: JsonObject, model: ServedModel) -> None:
    for name in config:
        if name not in ("effort", "format"):
            raise invalid(f"output_config.{name}: Extra inputs are not permitted")
    effort = config.get("effort")
    if effort is None:
        return
    if effort not in EFFORTS:
        raise invalid(f"output_config.effort: Input should be one of {', '.join(EFFORTS)}")
    if not model.abilities.efforts:
        raise invalid("output_config.effort: This model does not support the effort parameter.")
    if effort not in model.abilities.efforts:
        raise invalid(f"output_config.effort: This model does not support effort '{effort}'.")


def _check_thinking(body: JsonObject, model: ServedModel) -> None:
    if "thinking" not in body:
        return
    thinking = body["thinking"]
    kind = thinking.get("type")
    if kind is None:
        raise invalid("thinking.type: Field required")
    if kind not in tuple(Thinking):
        raise invalid(f"thinking.type: Input should be one of {', '.join(Thinking)}")
    _check_thinking_fields(thinking, kind)
    if kind not in model.abilities.thinking:
        raise invalid(f"thinking.type: '{kind}' is not supported on this model.")
    if kind == Thinking.ENABLED:
        _check_budget(thinking, body)
    if kind in (Thinking.DISABLED, Thinking.BETWEEN_TOOLS):
        _check_effort_without_thinking(kind, body, model)


def _check_thinking_fields(thinking: JsonObject, kind: str) -> None:
    allowed = {
        Thinking.ENABLED: ("type", "budget_tokens", "display"),
        Thinking.ADAPTIVE: ("type", "display"),
    }.get(Thinking(kind), ("type",))
    for name in thinking:
        if name not in allowed:
            raise invalid(f"thinking.{kind}.{name}: Extra inputs are not permitted")
    if thinking.get("display") not in (None, "summarized", "omitted"):
        raise invalid(f"thinking.{kind}.display: Input should be 'summarized' or 'omitted'")


def _check_budget(thinking: JsonObject, body: JsonObject) -> None:
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int) or isinstance(budget, bool):
        raise invalid("thinking.enabled.budget_tokens: Field required")
    if budget < MIN_THINKING_BUDGET:
        raise invalid(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to "
            f"{MIN_THINKING_BUDGET}"
        )
    if "max_tokens" in body and budget >= body["max_tokens"]:
        raise invalid("max_tokens: must be greater than thinking.budget_tokens")


def _check_effort_without_thinking(kind: str, body: JsonObject, model: ServedModel) -> None:
    effort = model.effort(body)
    if effort not in model.abilities.light_efforts:
        raise invalid(
            f"thinking.type: '{kind}' is not supported with effort '{effort}' on this model."
        )


def _check_tools(body: JsonObject, model: ServedModel) -> None:
    names = [_tool_name(index, tool) for index, tool in enumerate(body.get("tools") or ())]
    if len(set(names)) < len(names):
        raise invalid("tools: Tool names must be unique.")
    choice = body.get("tool_choice")
    if choice is None:
        return
    if choice.get("type") not in TOOL_CHOICES:
        raise invalid(f"tool_choice.type: Input should be one of {', '.join(TOOL_CHOICES)}")
    if not names:
        raise invalid("tool_choice: may only be specified while providing tools.")
    if choice["type"] in FORCED:
        _check_forced(choice, names, body, model)


def _tool_name(index: int, tool: object) -> str:
    path = f"tools.{index}"
    if not isinstance(tool, dict):
        raise invalid(f"{path}: Input should be a valid dictionary")
    if tool.get("type", "custom") not in (None, "custom"):
        raise invalid(f"{path}.type: server tools are not available in the simulator")
    for name, kind in (("name", str), ("input_schema", dict)):
        if not isinstance(tool.get(name), kind):
            raise invalid(f"{path}.custom.{name}: Field required")
    return str(tool["name"])


def _check_forced(
    choice: JsonObject, names: list[str], body: JsonObject, model: ServedModel
) -> None:
    if choice["type"] == "tool" and choice.get("name") not in names:
        raise invalid(f"tool_choice.name: Tool '{choice.get('name')}' not found in provided tools")
    if not model.abilities.takes_forced_tools:
        raise invalid(f"tool_choice.type: '{choice['type']}' is not supported on this model.")
    if (body.get("thinking") or {}).get("type") == Thinking.ENABLED:
        raise invalid("thinking: may not be enabled when tool_choice forces tool use.")


def _check_stop_sequences(sequences: list[Any]) -> None:
    for index, sequence in enumerate(sequences):
        if not isinstance(sequence, str) or not sequence.strip():
            raise invalid(f"stop_sequences.{index}: each stop sequence must contain text")


def _check_max_tokens(body: JsonObject, model: ServedModel) -> None:
    asked, most = body["max_tokens"], model.abilities.max_output_tokens
    if asked < 0:
        raise invalid("max_tokens: Input should be greater than or equal to 0")
    if asked > most:
        raise invalid(
            f"max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens "
            f"for {model.id}"
        )
    if asked == 0:
        _check_prewarm(body)


def _check_prewarm(body: JsonObject) -> None:
    """`max_tokens: 0` only writes the cache; some settings make no sense with it."""
    clashes = {
        "stream": bool(body.get("stream")),
        "thinking": (body.get("thinking") or {}).get("type") == Thinking.ENABLED,
        "output_config.format": bool((body.get("output_config") or {}).get("format")),
        "tool_choice": (body.get("tool_choice") or {}).get("type") in FORCED,
    }
    for name, is_set in clashes.items():
        if is_set:
            raise invalid(f"max_tokens: 0 is not permitted together with {name}")


def _check_diagnostics(diagnostics: JsonObject) -> None:
    for name, value in diagnostics.items():
        if name != "previous_message_id":
            raise invalid(f"diagnostics.{name}: Extra inputs are not permitted")
        if not isinstance(value, str | None):
            raise invalid(f"diagnostics.{name}: Input should be a valid string")
