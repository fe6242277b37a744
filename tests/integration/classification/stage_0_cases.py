"""A local model of the desk's labels, put in charge as training and a person would."""

from io import BytesIO
from random import Random
from typing import Any

from accounts.models import User
from triage.models import Automation, LocalModel, LocalModelState
from triage.services import taxonomy
from triage.services.classification import stage_0
from triage.services.local import storage, training
from triage.services.local.model import Model

WORDS = {
    "refund": "order arrived broken refund pay money back please want returned damaged charged",
    "login": "password forgot account locked sign cannot enter code reset expired mail access",
    "legal": "lawyer court regulator sue legal threat letter judge damages attorney claim law",
}
REFUND_TEXT = "My order arrived broken, I want a refund. Please pay my money back."
LEGAL_TEXT = "My lawyer will see you in court, a legal threat and a letter to the regulator."
OTHER_TEXT = "The quick brown fox jumps over lazy dogs while violins whisper softly beneath stars."
EASY = {"groups": {"refund": "easy", "login": "easy", "legal": "easy"}}


def trained() -> Model:
    """Sure of texts that say the words of one label, never certain: one in ten of its tickets is mislabelled."""
    rng = Random(1)
    pairs = [
        (" ".join(rng.choices(words.split(), k=8)), slug if place % 10 else "login")
        for slug, words in WORDS.items()
        for place in range(60)
    ]
    texts = [f"my i a will and the {text}" for text, _ in pairs]
    return training.train(texts, [slug for _, slug in pairs])


def crown(model: Model | None = None, **changes: Any) -> LocalModel:
    """The champion, which may answer alone from a chance of 0.6 on."""
    model = model or trained()
    to = BytesIO()
    storage.save(model, to)
    values: dict[str, Any] = {
        "content": to.getvalue(),
        "version": model.version,
        "taxonomy_digest": taxonomy.current().digest,
        "tickets": model.tickets,
        "labels": list(model.labels),
        "state": LocalModelState.CHAMPION,
        "thresholds": {"easy": 0.6},
        "certificate": EASY | {"unknown_at_most": 0.9},
        "trust": {},
        "by": User.objects.system(),
    }
    champion = LocalModel.objects.create(**values | changes)
    stage_0.forget()
    return champion


def switch_on(**changes: Any) -> None:
    """Without exploration, unless `changes` say otherwise."""
    values: dict[str, Any] = {"is_local_on": True, "exploration_share": 0.0} | changes
    Automation.objects.update_or_create(pk=1, defaults=values)
    stage_0.forget()
