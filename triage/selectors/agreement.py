"""How often triage says what a known answer says. For tickets of `split=test` alone: the others may stand in the guide."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Lower

from triage.models import Field, FieldDecision, State


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `compared` tickets with a known answer, triage chose it for `agreed`. `remark` names a simulated figure."""

    compared: int
    agreed: int
    remark: str

    @property
    def share(self) -> float:
        return self.agreed / self.compared if self.compared else 0.0


def with_known_labels(*, source: str | None = None) -> Agreement:
    """The deciding stage's label against the known one, over every finished newest run. Ignores people's corrections."""
    rows = FieldDecision.objects.filter(
        field=Field.LABEL,
        triage__state=State.DONE,
        triage=F("triage__ticket__triage"),
        triage__ticket__split="test",
    ).exclude(triage__ticket__known_label="")
    if source is not None:
        rows = rows.filter(triage__ticket__source=source)
    agreed = rows.annotate(chosen=Lower("value"), known=Lower("triage__ticket__known_label"))
    return Agreement(
        compared=rows.count(),
        agreed=agreed.filter(chosen=F("known")).count(),
        remark=" (simulated: the simulator's lexical scorer)" if settings.TRIAGE_SIMULATOR else "",
    )
