"""Evaluations to test with: labelled rows of known kinds, runs proposed from them and driven to their end."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Sum

from accounts.models import User
from triage.models import (
    AnswerState,
    Attempt,
    Evaluation,
    EvaluationAnswer,
    EvaluationTicket,
    Part,
    Stage,
)
from triage.services import batches
from triage.services.evaluation import advancing, running
from triage.services.evaluation.configurations import in_force
from triage.services.evaluation.running import FileSource
from triage.simulator import RunningSimulator

REFUND = "My order {n} arrived broken, I want a refund. Please pay my money back for item {word}."
LOGIN = "I forgot my password and my account is locked, I cannot sign in as {word} any more."
LEGAL = "My lawyer will write to you about {word}, I will see you in court."
TEXTS: Mapping[str, str] = {"refund": REFUND, "login": LOGIN, "legal": LEGAL}
WORDS = [
    *(
        "amber",
        "basil",
        "cedar",
        "delta",
        "ember",
        "fjord",
        "grove",
        "hazel",
        "ivory",
        "jasper",
        "kelp",
        "lotus",
        "maple",
    ),
    *(
        "night",
        "ocean",
        "pearl",
        "quartz",
        "raven",
        "slate",
        "topaz",
        "umber",
        "violet",
        "willow",
        "xenon",
        "yarrow",
        "zephyr",
    ),
]


def rows(**counts: int) -> list[dict[str, str]]:
    """So many rows of each label, no two of which say the same."""
    return [row(label, n) for label, count in counts.items() for n in range(count)]


def row(label: str, n: int) -> dict[str, str]:
    """The n-th row of a label. Five words of its own set it apart from its neighbours."""
    own = " ".join(
        f"{WORDS[(n * 7 + i * 5) % 26]}{WORDS[(n // 26 + i * 3) % 26]}" for i in range(5)
    )
    return {"description": TEXTS[label].format(n=n, word=own) + f" {own}", "label": label}


def jsonl(made: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(each)}\n" for each in made).encode()


def file_of(made: Sequence[Mapping[str, Any]], *, limit: int = 1_000) -> FileSource:
    return FileSource(jsonl(made), "labelled.jsonl", limit)


def propose(made: Sequence[Mapping[str, Any]], **options: Any) -> Evaluation:
    """A quoted run of what decides now, live, unless `options` say otherwise."""
    plain: dict[str, Any] = {
        "configurations": [in_force()],
        "by": User.objects.system(),
        "is_batch": False,
    }
    return running.propose(file_of(made), **{**plain, **options})


def started(made: Sequence[Mapping[str, Any]], **options: Any) -> Evaluation:
    return running.start(propose(made, **options).pk, by=User.objects.system())


def drive(evaluation: Evaluation, *, seconds: float = 30.0) -> Evaluation:
    """Work on it, and step its batches, until it is over; as it then stands."""
    ends = time.monotonic() + seconds
    while evaluation.state == "running":
        assert time.monotonic() < ends, f"still {advance(evaluation)}"
        advance(evaluation)
        batches.advance_all()
        evaluation.refresh_from_db()
    return evaluation


def advance(evaluation: Evaluation) -> advancing.Next:
    """A slice at once, also in an outage's pause."""
    Evaluation.objects.filter(pk=evaluation.pk).update(lease_until=None)
    return advancing.advance(evaluation.pk)


def answers(
    evaluation: Evaluation, stage: Stage = Stage.FIRST, configuration: int = 0
) -> list[EvaluationAnswer]:
    found = EvaluationAnswer.objects.filter(
        ticket__evaluation=evaluation, stage=stage, configuration=configuration
    )
    return list(found.order_by("ticket__number"))


def states(evaluation: Evaluation) -> dict[str, int]:
    kept = list(
        EvaluationAnswer.objects.filter(ticket__evaluation=evaluation).values_list(
            "state", flat=True
        )
    )
    return {state: kept.count(state) for state in sorted(set(kept))}


def problems(evaluation: Evaluation) -> dict[int, str]:
    """Why tickets are left out, by number."""
    left_out = evaluation.tickets.exclude(problem="")
    return dict(left_out.values_list("number", "problem"))


def codes(evaluation: Evaluation) -> dict[str, int]:
    """What was found, with how many tickets."""
    return {each["code"]: each["tickets"] for each in evaluation.findings}


def parts(evaluation: Evaluation) -> dict[str, int]:
    counted = list(evaluation.tickets.exclude(part="").values_list("part", flat=True))
    return {part: counted.count(part) for part in Part.values}


def ledger_nanousd() -> int:
    """What all attempts of evaluations count as spent."""
    about = Attempt.objects.filter(call__about_kind="evaluation")
    return about.aggregate(sum=Sum("cost_nanousd"))["sum"] or 0


def answered_nanousd(evaluation: Evaluation) -> int:
    rows = EvaluationAnswer.objects.filter(ticket__evaluation=evaluation)
    return rows.aggregate(sum=Sum("cost_nanousd"))["sum"] or 0


def requests(claude: RunningSimulator) -> int:
    return len(claude.bill()["requests"])


__all__ = ["AnswerState", "EvaluationTicket", "Stage"]
