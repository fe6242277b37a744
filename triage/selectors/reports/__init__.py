"""Every table of figures that the admin pages, their CSV files and the API share, by name."""

from collections.abc import Mapping

from triage.selectors.reports import cache, costs, drafts, experiments, health, quality, quotas
from triage.selectors.tables import Report

MODULES = (costs, cache, health, quotas, drafts, quality, experiments)
REPORTS: Mapping[str, Report] = {
    report.name: report for module in MODULES for report in module.REPORTS
}
