"""Invented tickets of a few labels, for the local model and the replay."""

from random import Random

TOPICS = {
    "billing": "invoice refund charged twice payment subscription receipt tax amount",
    "login": "password reset locked account sign code email expired verify",
    "shipping": "parcel courier delivery address late tracking lost depot",
    "returns": "send back broken replacement warranty label exchange damaged",
}
FILLER = "hello please my the is since yesterday can you help thanks it was not"
LABELS = tuple(sorted(TOPICS))


def tickets(number: int, *, seed: int = 1, strays: int = 1) -> tuple[list[str], list[str]]:
    """Texts of 10 words and their labels in turn: three words of their topic, `strays` of another, the rest of none."""
    rng = Random(seed)
    texts, labels = [], []
    for place in range(number):
        label = LABELS[place % len(LABELS)]
        said = rng.sample(TOPICS[label].split(), 3)
        said += rng.sample(TOPICS[rng.choice(LABELS)].split(), strays)
        said += rng.choices(FILLER.split(), k=10 - len(said))
        rng.shuffle(said)
        texts.append(" ".join(said))
        labels.append(label)
    return texts, labels
