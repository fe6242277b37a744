"""An evaluation as a file to take along: its figures as JSON, its tickets as CSV, its report as a page that opens from disk."""

from collections.abc import Callable, Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from triage.admin.evaluations import get_evaluation
from triage.exceptions import InvalidInput
from triage.models import Evaluation
from triage.services.evaluation.reporting.exports import as_json, csv_rows
from triage.services.evaluation.reporting.report import as_html

FILES: Mapping[str, tuple[str, Callable[[Evaluation], str]]] = {
    "json": ("application/json", as_json),
    "csv": ("text/csv; charset=utf-8", lambda evaluation: "".join(csv_rows(evaluation))),
    "html": ("text/html; charset=utf-8", as_html),
}


@require_GET
def evaluation_file(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """
    Raises:
        Http404: There is no such evaluation or kind of file, or it has no results yet.
    """
    evaluation = get_evaluation(pk)
    if kind not in FILES:
        raise Http404(f"There is no file of the kind “{kind}”.")
    content_type, write = FILES[kind]
    try:
        content = write(evaluation)
    except InvalidInput as error:
        raise Http404(str(error)) from error
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="evaluation-{pk}.{kind}"'
    return response
