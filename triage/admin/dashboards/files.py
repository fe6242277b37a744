"""A dashboard's table as a CSV file: `/admin/reports/costs-by-model.csv?from=…`. Money in dollars, times in UTC."""

import csv
from datetime import UTC, date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from triage.admin.dashboards.asking import read
from triage.admin.dashboards.cells import iso
from triage.selectors.reports import REPORTS
from triage.selectors.tables import Kind
from triage.types import usd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def report_file(request: HttpRequest, name: str) -> HttpResponse:
    """Raises Http404 where there is no such report. An address that cannot be used is a 400 in words."""
    if name not in REPORTS:
        raise Http404(f"There is no report “{name}”.")
    question = read(request.GET, today=datetime.now(UTC).date())
    if question.problems:
        return HttpResponse("\n".join(question.problems), status=400, content_type="text/plain")
    period = question.asked.period
    table = REPORTS[name].build(question.asked)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    file_name = f"{name}_{period.first}_{period.last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    writer = csv.writer(response)
    writer.writerow(_head(column.name, column.kind) for column in table.columns)
    kinds = [column.kind for column in table.columns]
    for row in table.rows:
        writer.writerow(_plain(value, kind) for value, kind in zip(row, kinds, strict=True))
    return response


def _head(name: str, kind: Kind) -> str:
    return f"{name}_usd" if kind is Kind.MONEY and not name.endswith("_usd") else name


def _plain(value: Any, kind: Kind) -> Any:
    if value is None:
        return ""
    if kind is Kind.MONEY:
        return f"{usd(value):.9f}"
    if isinstance(value, date):
        return iso(value)
    if kind is Kind.TEXT and str(value).startswith(FORMULA_STARTS):
        return f"'{value}"  # a spreadsheet would run it as a formula
    return value
