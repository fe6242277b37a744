"""The parts of a scenario: their names, what each takes, and how one is written.

What each name does, and what it costs, stands in `scenarios`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

BATCHES = "batches"  # `NAME@batches` strikes the HTTP of the batch endpoints instead of a model
REFUSAL_CATEGORIES = ("cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms")


class Fault(StrEnum):
    """The names a scenario may use."""

    CALM = "calm"
    RATE_LIMIT = "429"
    OVERLOAD = "529"
    ERROR = "500"
    SILENCE = "silence"
    RESET = "reset"
    CUT = "cut"
    SLOW = "slow"
    FIXED = "fixed"
    RATE_LIMIT_BARE = "429bare"
    SPEND_CAP = "spendcap"
    UNAVAILABLE = "503"
    TIMEOUT = "408"
    UNAUTHENTICATED = "401"
    NOT_FOUND = "404"
    INVALID = "400"
    TOO_LARGE = "413"
    LATE = "late"
    STALL = "stall"
    PINGS = "pings"
    MALFORMED = "malformed"
    NO_STOP = "nostop"
    OVERLOAD_STREAM = "overloadstream"
    REFUSAL = "refusal"
    MAX_TOKENS = "maxtokens"
    BAD_LABEL = "badlabel"
    BAD_JSON = "badjson"
    OTHER_CASE = "othercase"
    ID_MISSING = "idmissing"
    ID_DOUBLED = "iddoubled"
    ID_INVENTED = "idinvented"
    REQUESTS_PER_MINUTE = "rpm"
    INPUT_PER_MINUTE = "itpm"
    OUTPUT_PER_MINUTE = "otpm"
    BATCH_SECONDS = "batchseconds"
    BATCH_EXPIRED = "batchexpired"
    BATCH_ERRORED = "batcherrored"
    BATCH_LOST = "batchlost"
    RETIRED = "retired"
    RETIRING = "retiring"


class Role(StrEnum):
    """What a part decides. A request meets at most one part of each role."""

    NOTHING = "nothing"
    ENDING = "ending"  # how the exchange ends, if not well
    WAIT = "wait"  # how long until the first content
    CHANGE = "change"  # what is wrong with the answer itself
    FIXED = "fixed"
    SETTING = "setting"  # holds for the whole scenario and is never drawn


WAITS = frozenset({Fault.SLOW, Fault.LATE})
CHANGES = frozenset(
    {
        Fault.REFUSAL,
        Fault.MAX_TOKENS,
        Fault.BAD_LABEL,
        Fault.BAD_JSON,
        Fault.OTHER_CASE,
        Fault.ID_MISSING,
        Fault.ID_DOUBLED,
        Fault.ID_INVENTED,
    }
)
LIMITS = frozenset({Fault.REQUESTS_PER_MINUTE, Fault.INPUT_PER_MINUTE, Fault.OUTPUT_PER_MINUTE})
STAGES = frozenset({Fault.RETIRED, Fault.RETIRING})
SETTINGS = LIMITS | STAGES | {Fault.BATCH_SECONDS}
LINE_ENDINGS = frozenset({Fault.BATCH_EXPIRED, Fault.BATCH_ERRORED})
BATCH_ENDINGS = LINE_ENDINGS | {Fault.BATCH_LOST}
PARTIAL_ENDINGS = frozenset(
    {
        Fault.CUT,
        Fault.STALL,
        Fault.PINGS,
        Fault.MALFORMED,
        Fault.NO_STOP,
        Fault.OVERLOAD_STREAM,
    }
)
ROLES = (
    {Fault.CALM: Role.NOTHING, Fault.FIXED: Role.FIXED}
    | dict.fromkeys(WAITS, Role.WAIT)
    | dict.fromkeys(CHANGES, Role.CHANGE)
    | dict.fromkeys(SETTINGS, Role.SETTING)
)
FRACTIONS = PARTIAL_ENDINGS - {Fault.PINGS}
SECONDS = WAITS | {Fault.RATE_LIMIT, Fault.PINGS, Fault.BATCH_SECONDS}
VALUED = FRACTIONS | SECONDS | LIMITS | {Fault.REFUSAL}
_PART = re.compile(
    r"(?P<name>[a-z0-9]+?)(?:\((?P<value>[a-z0-9._]+)\))?(?:@(?P<model>[a-z0-9-]+?))?"
    r"(?:x(?P<count>\d+)|:(?P<rate>\d*\.?\d+))?"
)
_NUMBER = re.compile(r"\d*\.?\d+")


@dataclass(frozen=True, slots=True)
class Part:
    """One fault of a scenario: with what value, for which models, how often, how many times."""

    fault: Fault
    value: str = ""
    model: str = ""
    rate: float = 1.0
    count: int | None = None

    @property
    def role(self) -> Role:
        """What it decides."""
        return ROLES.get(self.fault, Role.ENDING)

    def number(self, default: float) -> float:
        """Its value as a number, or `default` where none was written."""
        return float(self.value) if self.value else default


def parse_part(text: str) -> Part:
    """One part as it is written between two `+`.

    Raises:
        ValueError: The name is unknown or what follows it does not fit the name.
    """
    match = _PART.fullmatch(text.strip().lower())
    if match is None or match["name"] not in tuple(Fault):
        known = ", ".join(Fault)
        raise ValueError(
            f"unknown scenario {text.strip()!r}: use {known}, each with an optional (value), "
            "@model and :rate or xCOUNT, joined by +"
        )
    part = Part(
        Fault(match["name"]),
        match["value"] or "",
        match["model"] or "",
        float(match["rate"] or 1.0),
        int(match["count"]) if match["count"] else None,
    )
    rate_or_count = match["rate"] or match["count"]
    problem = _find_problem(part, has_rate=bool(rate_or_count)) or _find_value_problem(part)
    if problem:
        raise ValueError(f"scenario {text.strip()!r}: {problem}")
    return part


def _find_problem(part: Part, *, has_rate: bool) -> str | None:
    if part.rate > 1.0:
        return "a rate is between 0 and 1"
    if part.role is Role.SETTING and has_rate:
        return f"{part.fault} holds for every request: no :rate, no xCOUNT"
    if part.fault in STAGES and not part.model:
        return "needs an @model"
    if part.value and part.fault not in VALUED:
        return f"{part.fault} takes no (value)"
    if part.fault in LIMITS | {Fault.BATCH_SECONDS} and not part.value:
        return "needs a (number)"
    return None


def _find_value_problem(part: Part) -> str | None:
    if not part.value:
        return None
    if part.fault is Fault.REFUSAL:
        known = ", ".join(REFUSAL_CATEGORIES)
        return None if part.value in REFUSAL_CATEGORIES else f"a category is one of {known}"
    if not _NUMBER.fullmatch(part.value):
        return "its value is a number"
    if part.fault in FRACTIONS and float(part.value) > 1.0:
        return "its value is a fraction between 0 and 1"
    if part.fault in LIMITS and (not part.value.isdigit() or int(part.value) < 1):
        return "its value is a whole number from 1"
    return None
