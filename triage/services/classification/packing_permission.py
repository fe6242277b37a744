"""Whether backfill may pack: as long as what the paired test speaks of is what is in force, or on a person's word.

The test spoke of one first model, of the labels as Claude reads them, and of Claude or of the simulator. Limit: that a release of
this application asks otherwise is not seen here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from triage.models import Automation, Feature, Stage
from triage.services import taxonomy
from triage.services.classification.calibrating import versions_asked
from triage.services.classification.prompt import guide_version
from triage.services.gateway.catalog import name_of
from triage.services.gateway.routes import route_of
from triage.services.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Permission:
    """That so many tickets may go into a call of backfill, and whose paired test allows it.

    Args:
        evaluation_id: None where a person answers for it by name: that ends with nothing but a switch.
        tested: The configuration of the single calls that packed ones were compared with, as its evaluation keeps it.
    """

    tickets_a_call: int
    evaluation_id: int | None
    tested: Mapping[str, Any]
    is_simulated: bool

    def why_unused(self, current: Taxonomy) -> str:
        """What has changed since the test, in words; "" while it speaks of what is in force."""
        if self.evaluation_id is None:
            return ""
        if self.is_simulated != settings.TRIAGE_SIMULATOR:
            whose = "the simulator’s answers" if self.is_simulated else "real answers"
            return f"it was tested on {whose}"
        tested, asked = self.tested["first_model"], route_of(Feature.CLASSIFY).model_asked
        if tested != asked:
            return f"it was tested with {name_of(tested)}, and {name_of(asked)} is asked now"
        read = taxonomy.load(self.tested["taxonomy_version_id"])
        if guide_version(read) != guide_version(current):
            return "it was tested with another guide: the labels read otherwise now"
        if self._calibrators != versions_asked(current):
            return "it was tested with other calibrators"
        return ""

    @property
    def _calibrators(self) -> dict[str, str]:
        tested = {
            Stage.FIRST.value: self.tested.get("first_calibrator", ""),
            Stage.STRONG.value: self.tested.get("strong_calibrator", ""),
        }
        return {stage: version for stage, version in tested.items() if version}


def find_permission() -> Permission | None:
    """None where each ticket has a call of its own. One query of one row."""
    kept = Automation.objects.filter(pk=1, tickets_a_call__gt=1).values_list(
        "tickets_a_call",
        "packing_evaluation",
        "packing_evaluation__configurations",
        "packing_evaluation__results__is_simulated",
    )
    if (row := kept.first()) is None:
        return None
    tickets_a_call, evaluation_id, configurations, is_simulated = row
    tested = configurations[0] if configurations else {}
    return Permission(tickets_a_call, evaluation_id, tested, bool(is_simulated))
