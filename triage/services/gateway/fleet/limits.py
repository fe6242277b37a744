"""How fast a model may be asked, as settings say; the provider's headers refine it inside the scripts."""

from dataclasses import asdict, dataclass
from typing import Any, cast

from django.conf import settings

PACED_SHARE = 0.95  # of each limit: clocks, retries of others and rounding take the rest


@dataclass(frozen=True, slots=True)
class Limits:
    """Per minute. The defaults are the documented Start tier: the least that a paying organisation has."""

    requests: int = 1_000
    input_tokens: int = 2_000_000
    output_tokens: int = 400_000


def limits_for(model: str) -> dict[str, Any]:
    """The limits as the scripts take them: what is set for the model, else for `default`, else the documented tier's.

    `is_explicit`: set for this very model, so the headers may lower but not raise it.
    """
    pace = cast("dict[str, dict[str, int]]", settings.TRIAGE_PACE)
    chosen = {**asdict(Limits()), **pace.get("default", {}), **pace.get(model, {})}
    return {
        "limits": {name: max(1, chosen[name]) for name in asdict(Limits())},
        "is_explicit": model in pace,
        "share": PACED_SHARE,
    }
