"""Simulated tickets, each with its run, the run's decisions, and what people made of them."""

import json
from random import Random
from typing import NamedTuple

from triage.models import Channel, Decision, Feature, Field, Priority, Stage, Status
from triage.services.classification.rule import decide_side
from triage.services.history.calls import Calls
from triage.services.history.fates import Question
from triage.services.history.ids import TICKETS_PER_REQUESTER, Ids
from triage.services.history.ledger import ASKED, Told
from triage.services.history.opinions import Opinion, Opinions, decided, must_escalate
from triage.services.history.pages import Pages
from triage.services.history.scene import DAY_SECONDS, Chapter, Scene, SeedLabel
from triage.services.history.shapes import NULL

SOURCE = "simulated"
ASSIGNED = 0.85
JUDGED_AFTER, SOLVED_AFTER = (9.1, 0.9), (10.4, 1.1)  # log-normal, seconds: medians 2.5 h and 9 h
CLOSED_AFTER = 5 * DAY_SECONDS
STILL_OPEN = ((Status.OPEN.value, 0.6), (Status.PENDING.value, 0.85), (Status.NEW.value, 0.95))
PRIORITIES = (
    "",
    "",
    Priority.LOW.value,
    *[Priority.NORMAL.value] * 5,
    Priority.HIGH.value,
    Priority.URGENT.value,
)
CHANNELS = (*[Channel.EMAIL.value] * 5, *[Channel.API.value] * 2, Channel.FORM.value)
SIDES = (
    (Field.PRIORITY.value, tuple(filter(None, PRIORITIES))),
    (Field.SENTIMENT.value, ("negative", "neutral", "neutral", "positive")),
    (Field.LANGUAGE.value, ("en", "en", "en", "de", "fr")),
)


class Run(NamedTuple):
    """How the cascade ended. `first` is the first model's opinion where the strong one decided."""

    opinion: Opinion
    decision: Decision
    told: tuple[Told, ...]
    reason: str
    first: Opinion | None


class Judgement(NamedTuple):
    """A person's word on the label, and when."""

    label: SeedLabel
    at: float
    by_id: int


class Tickets:
    """One day's new tickets. `told` is how many there are so far."""

    def __init__(
        self, scene: Scene, pages: Pages, ids: Ids, calls: Calls, *, known: int, draw: Random
    ) -> None:
        self._scene, self._pages, self._ids, self._calls = scene, pages, ids, calls
        self._known, self._draw = known, draw
        self._opinions = Opinions(scene.cast.labels, draw)
        self._thresholds: dict[tuple[int, int], str] = {}
        self.told = 0
        self.requesters = 0

    def tell(self, at: float, *, is_short: bool) -> None:
        """The ticket comes, is triaged, and waits for people. `is_short`: with one attempt alone."""
        ticket_id = self._ids.ticket + self.told
        topic = self._opinions.topic()
        run = self._triage(ticket_id, at, topic, is_short=is_short)
        judged = self._judge(run, topic)
        self._write_run(ticket_id, at, run)
        self._write_decisions(run, judged)
        self._write_ticket(ticket_id, at, run, judged, topic)
        self.told += 1

    def _triage(self, ticket_id: int, at: float, topic: int, *, is_short: bool) -> Run:
        thresholds = self._chapter(at).thresholds
        system_id = self._scene.cast.system_id
        first = self._opinions.first(topic, is_sure=is_short)
        asked = Question(Feature.CLASSIFY.value, at, ticket_id, system_id, is_due=True)
        told = self._calls.ask(asked)
        reason = "" if is_short else must_escalate(first, thresholds)
        if not reason:
            return Run(first, decided(first, thresholds), (told,), "", None)
        strong = self._opinions.strong(topic)
        again = Question(Feature.ESCALATE.value, told.ended_at, ticket_id, system_id, is_due=True)
        return Run(
            strong, decided(strong, thresholds), (told, self._calls.ask(again)), reason, first
        )

    def _judge(self, run: Run, topic: int) -> Judgement | None:
        if not self._opinions.judged(run.opinion, topic, run.decision):
            return None
        at = run.told[-1].ended_at + self._draw.lognormvariate(*JUDGED_AFTER)
        if at >= self._scene.ends_at:
            return None
        return Judgement(self._opinions.label(topic), at, self._agent())

    def _write_run(self, ticket_id: int, at: float, run: Run) -> None:
        last, chapter = run.told[-1], self._chapter(at)
        stage = Stage.STRONG.value if run.first else Stage.FIRST.value
        asked = ASKED[stage]
        created, finished = self._pages.when(at), self._pages.when(last.ended_at)
        cost = sum([told.cost_nanousd for told in run.told])
        latency = sum([told.latency_ms for told in run.told])
        self._pages.lines["triage_triage"].append(
            f"{self._run_id}\t{ticket_id}\tdone\t\t{created}\t1\tf\t{stage}\t{'t' if run.first else 'f'}\t{run.reason}"
            f"\tSimulated: the words are plain.\t{asked}\t{last.model_served}\t{last.obtained}\t{chapter.taxonomy_id}"
            f"\t{chapter.sorting}\t{self._thresholds_of(at, run.opinion.label)}\t{_first_answer(run.first)}\t{cost}\t{latency}"
            f"\t{created}\t{finished}\n"
        )

    def _write_decisions(self, run: Run, judged: Judgement | None) -> None:
        opinion = run.opinion
        thresholds = self._chapter(run.told[0].ended_at).thresholds
        threshold = thresholds.for_label(opinion.label.snapshot)
        other = [] if run.first is None or run.first.label is opinion.label else [run.first]
        others = json.dumps([{"value": o.label.snapshot.slug, "confidence": None} for o in other])
        said = (
            f"{judged.label.snapshot.slug}\t{judged.by_id}\t{self._pages.when(judged.at)}\t"
            if judged
            else UNJUDGED
        )
        lines = self._pages.lines["triage_fielddecision"]
        lines.append(
            f"{self._run_id}\tlabel\t{opinion.label.snapshot.slug}\t{opinion.confidence}\t{threshold}\t{run.decision.value}"
            f"\t{others}\t{said}\n"
        )
        if self._scene.has_sides:
            for field, values in SIDES:
                sure = round(0.4 + 0.59 * self._draw.random() ** 0.4, 2)
                decision = decide_side(sure, thresholds, label=run.decision)
                lines.append(
                    f"{self._run_id}\t{field}\t{self._draw.choice(values)}\t{sure}\t{thresholds.apply}\t{decision.value}"
                    f"\t[]\t{UNJUDGED}\n"
                )

    def _write_ticket(
        self, ticket_id: int, at: float, run: Run, judged: Judgement | None, topic: int
    ) -> None:
        named = run.opinion.label
        settled = judged.label if judged else named if run.decision is Decision.APPLIED else None
        solved_at = at + self._draw.lognormvariate(*SOLVED_AFTER)
        is_solved = solved_at < self._scene.ends_at and self._draw.random() < 0.98
        changed_at = max(
            run.told[-1].ended_at, judged.at if judged else 0.0, solved_at if is_solved else 0.0
        )
        words = self._opinions.label(topic).words
        text = words[int(self._draw.random() * len(words))]
        assignee = self._agent() if self._draw.random() < ASSIGNED else NULL
        self._pages.lines["triage_ticket"].append(
            f"{ticket_id}\t{self._run_id}\t{self._opinions.label(topic).snapshot.name}\t{text}\t{len(text)}\t{self._requester(at)}"
            f"\t{self._status(solved_at, is_solved)}\t{self._draw.choice(PRIORITIES)}\ten\tneutral"
            f"\t{settled.id if settled else NULL}\t{named.id}\t{settled.team_id or NULL if settled else NULL}\t{assignee}\t{{}}"
            f"\t{self._draw.choice(CHANNELS)}\t{SOURCE}\t\t{{}}\t\t\t\t{'f' if settled else 't'}\tf"
            f"\t{'{label}' if judged else '{}'}\t2\t{self._pages.when(at)}\t{self._pages.when(changed_at)}"
            f"\t{self._pages.when(solved_at) if is_solved else NULL}\n"
        )

    def _status(self, solved_at: float, is_solved: bool) -> str:
        if is_solved:
            is_old = solved_at + CLOSED_AFTER < self._scene.ends_at
            return Status.CLOSED.value if is_old else Status.SOLVED.value
        luck = self._draw.random()
        return next((status for status, most in STILL_OPEN if luck < most), Status.HOLD.value)

    def _requester(self, at: float) -> int:
        """A customer of old, one of the day, or a new one, who is written down."""
        if self.told % TICKETS_PER_REQUESTER == 0:
            id_ = self._ids.requester + self.requesters
            self.requesters += 1
            self._pages.lines["triage_requester"].append(
                f"{id_}\tCustomer {id_}\tcustomer-{id_}@simulated.example\t\t{self._pages.when(at)}\n"
            )
            return id_
        number = int(self._draw.random() * (self._known + self.requesters))
        first = (
            self._ids.first_requester if number < self._known else self._ids.requester - self._known
        )
        return first + number

    def _thresholds_of(self, at: float, label: SeedLabel) -> str:
        key = (self._scene.chapter_at(at), label.id)
        if key not in self._thresholds:
            thresholds = self._chapter(at).thresholds
            kept = {"apply": thresholds.apply, "suggest": thresholds.suggest}
            kept["label"] = thresholds.for_label(label.snapshot)
            self._thresholds[key] = json.dumps(kept)
        return self._thresholds[key]

    def _chapter(self, at: float) -> Chapter:
        return self._scene.chapters[self._scene.chapter_at(at)]

    def _agent(self) -> int:
        agents = self._scene.cast.agents
        return agents[int(len(agents) * self._draw.random() ** 1.6)]

    @property
    def _run_id(self) -> int:
        return self._ids.run + self.told


def _first_answer(first: Opinion | None) -> str:
    """As the cascade keeps it."""
    if first is None:
        return NULL
    named = {"value": first.label.snapshot.slug, "confidence": first.confidence}
    return json.dumps({"label": named, "runner_up": None, "reason": "Simulated."})


UNJUDGED = f"\t{NULL}\t{NULL}\t"
