"""Imports of ticket files: how far each came and what it counted. Read-only; the command writes them."""

from django.contrib import admin

from triage.admin.lists import ReadOnlyAdmin
from triage.admin.look import chip, moment
from triage.models import Import
from triage.models.imports import ImportState

STATE_COLORS = {ImportState.RUNNING: "info", ImportState.DONE: "success"}


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin[Import]):
    list_display = (
        "name",
        "source",
        "progress",
        "lines_read",
        "new",
        "known",
        "refused",
        "unmapped",
        "by",
        moment("created_at", "Begun"),
        moment("updated_at", "Last seen"),
    )
    list_select_related = ("by",)
    list_filter = ("state",)
    ordering = ("-id",)
    sortable_by = ()
    exclude = ("digest",)

    @chip("State", STATE_COLORS)
    def progress(self, run: Import) -> tuple[str, str]:
        return (run.state, ImportState(run.state).label)
