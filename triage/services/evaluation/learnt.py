"""Which texts a local model may have learnt from. Of those it is surer than of others, so its chances prove nothing there."""

from django.db.models import Exists, OuterRef, Q

from triage.models import EvaluationTicket, Field, FieldDecision, LocalModel, Part, Ticket
from triage.services.classification import stage_0
from triage.services.statistics.duplicates import digest

LEARNT_FROM = (Part.CHOOSE, Part.REPORT)


def find_learnt(local: LocalModel) -> frozenset[str]:
    """Digests of the texts whose label may have been confirmed when that model was made: rather too many than one too few.

    A label that was confirmed once more later counts by when the ticket was sorted, an imported one whenever a file dates it.
    """
    texts = [*_evaluated(local), *_confirmed(local)]
    return frozenset(digest(stage_0.text_of(subject, words)) for subject, words in texts)


def _evaluated(local: LocalModel) -> list[tuple[str, str]]:
    rows = EvaluationTicket.objects.filter(
        part__in=LEARNT_FROM, evaluation__created_at__lte=local.created_at
    )
    return list(rows.values_list("subject", "description"))


def _confirmed(local: LocalModel) -> list[tuple[str, str]]:
    decisions = FieldDecision.objects.filter(
        ~Q(corrected_to=""),
        triage__ticket=OuterRef("pk"),
        field=Field.LABEL,
        triage__created_at__lte=local.created_at,
    )
    audited = Q(runs__audit__judged_at__lte=local.created_at)
    imported = ~Q(known_label="") & Q(split__iexact="train")
    rows = Ticket.objects.filter(Exists(decisions) | audited | imported).distinct()
    return list(rows.order_by().values_list("subject", "description"))
