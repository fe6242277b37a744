"""The application as Django loads it."""

from django.apps import AppConfig


class TriageConfig(AppConfig):
    """Tickets, their triage, and the ledger of what it cost."""

    name = "triage"

    def ready(self) -> None:
        from triage import checks  # noqa: F401  (importing it registers the checks)
