"""Case: one labelled ticket with what each stage of a configuration said. What every result is computed from; pure."""

from dataclasses import dataclass

from triage.models import Part, Stage


@dataclass(frozen=True, slots=True)
class Said:
    """One stage's usable answer.

    Args:
        confidence: As it was stated, 0 to 1.
        latency_ms: None for a batch.
        local_chance: Of its label, with the local model's answer joined; None without such a model.
        calibrated: The chance of being right by the configuration's calibrator; None without one.
    """

    label: str
    confidence: float
    runner_up: str
    runner_up_confidence: float
    cost_nanousd: int
    latency_ms: int | None
    local_chance: float | None = None
    calibrated: float | None = None

    @property
    def chance(self) -> float:
        """What thresholds are asked of: calibrated where the configuration calibrates, else as stated."""
        return self.confidence if self.calibrated is None else self.calibrated


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket under one configuration.

    Args:
        number: The ticket's in its evaluation, by which two configurations are paired.
        ticket_id: Of the ticket in the help desk, if it came from there.
        first: The first model's answer; None where it had no usable one, and `first_problem` says why.
        strong: The strong model's, if it was asked and had a usable one.
        escalation: Why the rule asks the strong model, in words; "" where the first answer stands.
        cost_nanousd: Of all that was asked about it under the cascade's rule, unusable answers too.
    """

    number: int
    ticket_id: int | None
    text: str
    truth: str
    part: Part
    first: Said | None
    strong: Said | None
    escalation: str
    cost_nanousd: int
    first_problem: str = ""
    strong_problem: str = ""

    @property
    def decided(self) -> Said | None:
        """The answer that counts: the strong model's where the rule asks it; None where nobody had a usable one."""
        return self.strong if self.escalation else self.first

    @property
    def stage(self) -> Stage:
        """Who decided."""
        if self.decided is None:
            return Stage.NONE
        return Stage.STRONG if self.escalation else Stage.FIRST

    @property
    def is_right(self) -> bool:
        return self.decided is not None and self.decided.label == self.truth
