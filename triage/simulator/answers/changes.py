"""What a scenario makes wrong with an answer before it is cut to length."""

from dataclasses import dataclass, replace

from triage.simulator.answers.schema import Judge
from triage.simulator.answers.scorer import Judgement
from triage.simulator.parts import Fault

NO_LABEL = "not-a-label"
UNSURE = 0.2  # the share of a value nothing speaks for


@dataclass(slots=True)
class StrangeJudge:
    """Puts a value that is not in the list in the first place of the first list judged."""

    judge: Judge
    is_done: bool = False

    def rank(self, values: tuple[str, ...], hint: str) -> Judgement:
        """The values, best first."""
        judgement = self.judge.rank(values, hint)
        if self.is_done:
            return judgement
        self.is_done = True
        share = judgement.ranked[0][1] if judgement.ranked else UNSURE
        return replace(judgement, ranked=((NO_LABEL, share), *judgement.ranked[1:]))

    def language(self) -> tuple[str, float]:
        """As the judge behind it says."""
        return self.judge.language()


@dataclass(frozen=True, slots=True)
class OtherCaseJudge:
    """Says every value of a closed list in another case."""

    judge: Judge

    def rank(self, values: tuple[str, ...], hint: str) -> Judgement:
        """The values, best first."""
        judgement = self.judge.rank(values, hint)
        ranked = judgement.ranked or ((values[0], UNSURE),)
        return replace(judgement, ranked=tuple((name.swapcase(), share) for name, share in ranked))

    def language(self) -> tuple[str, float]:
        """As the judge behind it says."""
        return self.judge.language()


def change_judge(judge: Judge, fault: Fault | None) -> Judge:
    """The judge as the scenario bends it."""
    if fault is Fault.BAD_LABEL:
        return StrangeJudge(judge)
    return OtherCaseJudge(judge) if fault is Fault.OTHER_CASE else judge


def spoil_json(text: str) -> str:
    """Text about as long as `text` that is no JSON."""
    return f"Here is what you asked for: {text[: len(text) // 2]}"
