"""An evaluation's stored results for people: sections of a page, one report in a file, and tables. Computes nothing."""

from triage.services.evaluation.reporting.exports import as_json, csv_rows
from triage.services.evaluation.reporting.report import as_html

__all__ = ["as_html", "as_json", "csv_rows"]
