"""Faults by name, drawn from a seed.

A scenario is `calm` (no faults), or parts joined by `+`: `529:0.1+slow`. A part is
`name[(value)][@model][:rate | xCOUNT]`: `429(2)` always and with a Retry-After of 2, `529:0.1` one
request in ten, `500x3` the first three requests only, `529@haiku-5-5` only models whose id
contains the text. Parts are asked in order, and the first of each kind (ending, wait, change) that
strikes wins; an ending before any content leaves the later parts unasked.

Errors. The status alone, before any work: nothing is billed.
    429         rate_limit_error with a Retry-After of 1; `429(SECONDS)` another
    429bare     the same without Retry-After
    spendcap    429 with the code enforced_spend_limit_reached, without Retry-After
    529 500 503 408 401
    404         not_found_error `model: <id>`, as for a model retired in the middle of its life
    400         the prompt is too long
    413         the request is too large
    silence     never an answer; nothing is billed
    reset       the connection is reset before any header; nothing is billed

Waits. The answer is billed as if there were none.
    slow        first content after two seconds, `slow(SECONDS)`; streams ping meanwhile. A plain
                answer is billed even if the client has left by then, a left stream for its input
    late        the same under another name

Broken answers, after half of the content or after the fraction `NAME(0.67)`. A stream bills its
input and the content sent.
    cut         the connection is closed within the answer; a plain answer bills the same share
                of its output, and its connection is reset
    stall       then nothing more, the connection stays open. A plain answer stops after its
                headers and is billed whole, for it had been produced
    overloadstream
                then `event: error` overloaded_error within the 200; plain answers are not struck
    malformed   there, an event that is not JSON, then the rest: billed whole if the client stays.
                A plain answer has a body that is not JSON and is billed whole
    nostop      everything but `message_stop`, then a clean end: billed whole. `nostop(0.5)` also
                leaves out the rest of the content and the stop reason. Plain answers are not struck
    pings       `message_start`, then a ping each second (`pings(SECONDS)`) for ever: the input is
                billed. A plain answer stops after its headers and is billed whole

Changed answers, all 200 and billed as what was said, unless noted.
    refusal     stop_reason refusal and no content. `refusal(CATEGORY)`, default cyber. Usage is
                shown but not charged; bio, frontier_llm and reasoning_extraction are charged
    maxtokens   stop_reason max_tokens in the middle of the text
    badlabel    `not-a-label` in the first closed list of the schema, the rest valid
    badjson     text that is not JSON; a forced tool is not struck
    othercase   the values of closed lists in another case
    idmissing   of several tickets in one request, the last gets no answer
    iddoubled   there, the first gets two
    idinvented  there, the first one's answer bears an id that no ticket has
    fixed       the first value of every list, without reading the text; for benchmarks

Limits, enforced per organisation and model and refilled continuously. Beyond one, 429 with a true
Retry-After; nothing is billed.
    rpm(300)    requests per minute
    itpm(N)     input tokens per minute, cache reads not counted
    otpm(N)     output tokens per minute, counted once they are produced

Models.
    retired@MODEL   gone: the lookup says so, requests are a 404
    retiring@MODEL  deprecated, retires in 30 days

Message Batches. Lines are billed half, and only where they succeeded. Changed answers strike lines
too; every other name strikes the HTTP of the batch endpoints, where it says `NAME@batches`.
    batchseconds(S)     from creation to the end; default 2
    batchexpired        the line expires: nothing is billed
    batcherrored        the line fails with a 500: nothing is billed
    batchlost           the batch is created and runs, but the connection is reset before the answer
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from triage.simulator.models import Lifecycle
from triage.simulator.parts import (
    BATCH_ENDINGS,
    BATCHES,
    LIMITS,
    LINE_ENDINGS,
    PARTIAL_ENDINGS,
    STAGES,
    WAITS,
    Fault,
    Part,
    Role,
    parse_part,
)

__all__ = ["Fate", "Fault", "Part", "Scenario"]

BATCH_SECONDS = 2.0
LINE_ROLES = (Role.CHANGE, Role.FIXED)


@dataclass(frozen=True, slots=True)
class Fate:
    """What the scenario does to one request: how it ends, if not well, and in what manner."""

    end: Part | None = None
    wait: Part | None = None
    change: Part | None = None
    is_fixed: bool = False

    @property
    def ending(self) -> Fault | None:
        """How it ends, None for well."""
        return self.end.fault if self.end else None

    @property
    def is_slow(self) -> bool:
        """Whether the first content waits."""
        return self.wait is not None

    @property
    def fraction(self) -> float:
        """The share of the content before the ending strikes."""
        return self.end.number(0.5) if self.end else 1.0


class Scenario:
    """A parsed scenario with its counters; the same seed draws the same fates in order."""

    def __init__(self, name: str = "calm", seed: int = 0) -> None:
        """Parse `name`.

        Raises:
            ValueError: A part is unknown or malformed; the message lists the known names.
        """
        self.name = name
        self.seed = seed
        self._parts = tuple(parse_part(part) for part in name.split("+"))
        self._asked = [0] * len(self._parts)

    @property
    def has_slow(self) -> bool:
        """Whether some requests are slow."""
        return any(part.fault in WAITS for part in self._parts)

    @property
    def has_stages(self) -> bool:
        """Whether it changes the lifecycle of some model."""
        return any(part.fault in STAGES for part in self._parts)

    @property
    def batch_seconds(self) -> float:
        """From the creation of a batch to its end."""
        asked = (part for part in self._parts if part.fault is Fault.BATCH_SECONDS)
        return next((part.number(BATCH_SECONDS) for part in asked), BATCH_SECONDS)

    def limits(self, model: str) -> dict[Fault, int]:
        """The enforced limits per minute for a model."""
        return {
            part.fault: int(part.value)
            for part in self._parts
            if part.fault in LIMITS and part.model in model
        }

    def stage_of(self, model: str) -> Lifecycle | None:
        """The lifecycle it gives a model, None where it leaves the model alone."""
        for part in self._parts:
            if part.fault in STAGES and part.model in model:
                gone = part.fault is Fault.RETIRED
                return Lifecycle.RETIRED if gone else Lifecycle.DEPRECATED
        return None

    def draw(self, model: str) -> Fate:
        """The fate of the next request, which asks for `model`."""
        return self._draw(lambda part: part.model in model and part.fault not in BATCH_ENDINGS)

    def draw_line(self, model: str) -> Fate:
        """The fate of the next line of a batch."""
        return self._draw(
            lambda part: (
                part.model in model and (part.role in LINE_ROLES or part.fault in LINE_ENDINGS)
            )
        )

    def draw_call(self, *, creates: bool) -> Fate:
        """The fate of the next HTTP request to a batch endpoint."""
        return self._draw(
            lambda part: creates if part.fault is Fault.BATCH_LOST else part.model == BATCHES
        )

    def _draw(self, concerns: Callable[[Part], bool]) -> Fate:
        found: dict[Role, Part] = {}
        for index, part in enumerate(self._parts):
            if part.role in (Role.SETTING, Role.NOTHING) or part.role in found:
                continue
            if concerns(part) and self._strikes(index, part):
                found[part.role] = part
                if part.role is Role.ENDING and part.fault not in PARTIAL_ENDINGS:
                    break
        return Fate(
            found.get(Role.ENDING),
            found.get(Role.WAIT),
            found.get(Role.CHANGE),
            Role.FIXED in found,
        )

    def _strikes(self, index: int, part: Part) -> bool:
        self._asked[index] += 1
        if part.count is not None:
            return self._asked[index] <= part.count
        if part.rate >= 1.0:
            return True
        return random.Random(f"{self.seed}/{index}/{self._asked[index]}").random() < part.rate
