"""How good and how fast the local model is: trained on BANKING77's training tickets, asked about its test tickets."""

import io
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.data import BANKING77, FOLDER, find, read_banking77
from triage.services.evaluation.replay.records import Judged
from triage.services.local.storage import save
from triage.services.local.training import train
from triage.services.statistics.reliability import ece, equal_mass

SIZES = (5, 10, 20, None)  # labels a class; None: all
SEED = 20_261_121
ACCURACY, TRAINING_SECONDS, TICKETS_A_SECOND = 0.9, 30, 3_000
FOREIGN = (
    "The printer on the second floor has run out of toner again.",
    "Please reset my VPN token, Outlook no longer opens the shared mailbox.",
    "My dog has eaten the upholstery; does household insurance cover vet bills?",
    "Wo finde ich das Formular für den Urlaubsantrag?",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds are those of the processor: what else runs on the machine does not count."""

    tickets: int
    accuracy: float
    ece: float
    temperature: float
    unknown: float
    foreign: float
    training_seconds: float
    tickets_a_second: float
    megabytes: float

    @property
    def held(self) -> bool:
        return (
            self.accuracy >= ACCURACY
            and self.training_seconds <= TRAINING_SECONDS
            and self.tickets_a_second >= TICKETS_A_SECOND
        )


def measure(training: Judged, asked: Judged) -> Measured:
    """Train, ask, save."""
    began = time.process_time()
    model = train(training.texts, training.labels)
    trained = time.process_time()
    guesses = model.predict(asked.texts)
    answered = time.process_time()
    file = io.BytesIO()
    save(model, file)
    are_right = [c == t for c, t in zip(guesses.chosen, asked.labels, strict=True)]
    return Measured(
        tickets=model.tickets,
        accuracy=sum(are_right) / len(are_right),
        ece=ece(equal_mass(np.minimum(guesses.confidences, 1).tolist(), are_right)),
        temperature=model.weights.temperature,
        unknown=float(guesses.unknown.mean()),
        foreign=float(model.predict(FOREIGN).unknown.mean()),
        training_seconds=trained - began,
        tickets_a_second=len(asked.texts) / (answered - trained),
        megabytes=len(file.getvalue()) / 1e6,
    )


def draw(tickets: Judged, *, per_class: int | None, seed: int = SEED) -> Judged:
    """So many of each label, at random."""
    order = np.random.default_rng(seed).permutation(len(tickets.texts))
    labels = np.array(tickets.labels)[order]
    picked = [order[labels == label][:per_class] for label in np.unique(labels)]
    places = np.sort(np.concatenate(picked)).tolist()
    texts, known = tickets.texts, tickets.labels
    return Judged(tuple(texts[p] for p in places), tuple(known[p] for p in places))


def main(arguments: Sequence[str]) -> bool:
    """Print the table; whether all labels together reach the targets. Without the data there is nothing to break."""
    parser = ArgumentParser(prog="python -m eval local", description=__doc__)
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the public data lies")
    folder = find(parser.parse_args(arguments).data, BANKING77)
    if folder is None:
        return True
    training, train_digest = read_banking77(folder / "train.csv")
    asked, test_digest = read_banking77(folder / "test.csv")
    print(HEAD.format(test=len(asked.texts), train_digest=train_digest, test_digest=test_digest))
    for size in SIZES:
        found = measure(draw(training, per_class=size), asked)
        _show(size, found)
    print(f"\n{TARGETS}: {'held' if found.held else 'BROKE'}")
    return found.held


HEAD = """\
MEASURED: the local model on the {test:,} test tickets of BANKING77, short English questions to a bank, 77 labels. Seconds and
tickets a second are of one processor. ECE: 10 bins of equal mass. Unknown n-grams: the mean share in the test tickets, and
in a few tickets about something else.
train.csv {train_digest}
test.csv  {test_digest}

| labels a class | tickets | accuracy | ECE | temperature | unknown: test | elsewhere | training | tickets a second | file |
|---|---|---|---|---|---|---|---|---|---|"""
TARGETS = (
    f"With all labels at least {ACCURACY:.0%} right, trained in {TRAINING_SECONDS} s, "
    f"{TICKETS_A_SECOND:,} tickets a second"
)


def _show(size: int | None, found: Measured) -> None:
    print(
        f"| {size or 'all'} | {found.tickets:,} | {found.accuracy:.1%} | {found.ece:.3f} | "
        f"{found.temperature:.2f} | {found.unknown:.1%} | {found.foreign:.1%} | "
        f"{found.training_seconds:.1f} s | {found.tickets_a_second:,.0f} | {found.megabytes:.1f} MB |",
        flush=True,
    )
