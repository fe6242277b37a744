"""Labels and answers that say only what a test is about."""

import json
from typing import Any

from triage.services.classification.answer import Answer, Guess
from triage.services.taxonomy import LabelSnapshot, Taxonomy


def label(slug: str, **changes: Any) -> LabelSnapshot:
    plain: dict[str, Any] = {
        "name": slug.capitalize(),
        "description": "",
        "exclusions": "",
        "examples": (),
        "team": "",
        "always_escalate": False,
        "auto_apply": False,
        "threshold": None,
    }
    return LabelSnapshot(slug=slug, **{**plain, **changes})


def taxonomy(*labels: LabelSnapshot, digest: str = "d1", version_id: int = 1) -> Taxonomy:
    return Taxonomy(
        version_id=version_id,
        number=1,
        digest=digest,
        labels={each.slug: each for each in labels or (label("refund"), label("login"))},
    )


def answer(slug: str, confidence: float, second: str | None = None) -> Answer:
    runner_up = Guess(second, 0.05) if second else None
    return Answer(Guess(slug, confidence), runner_up, reason="", sides={})


def answer_text(slug: Any = "refund", confidence: Any = 0.9, **changes: Any) -> str:
    """What Claude says, as JSON; NaN and infinities as Python spells them."""
    said = {
        "reason": "It asks for money back.",
        "label": slug,
        "confidence": confidence,
        "runner_up": None,
        "runner_up_confidence": 0,
        "priority": "normal",
        "priority_confidence": 0.9,
        "sentiment": "neutral",
        "sentiment_confidence": 0.9,
        "language": "en",
        "language_confidence": 0.9,
    }
    return json.dumps({**said, **changes})
