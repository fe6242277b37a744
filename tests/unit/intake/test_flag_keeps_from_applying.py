import pytest

from triage.models import Decision
from triage.services.classification.rule import Thresholds, decide_label
from triage.services.taxonomy import LabelSnapshot

SURE = Thresholds(apply=0.85, suggest=0.50)
LABEL = LabelSnapshot(
    slug="refund",
    name="Refund",
    description="",
    exclusions="",
    examples=(),
    team="",
    always_escalate=False,
    auto_apply=True,
    threshold=None,
)


@pytest.mark.parametrize(
    ("is_flagged", "decision"), [(False, Decision.APPLIED), (True, Decision.SUGGESTED)]
)
def test_a_flagged_ticket_is_never_applied_automatically(
    is_flagged: bool, decision: Decision
) -> None:
    assert decide_label(0.99, LABEL, SURE, is_flagged=is_flagged, is_outage=False) == decision
