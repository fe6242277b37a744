from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Makes our Celery application the current one in every process that runs Django."""

    name = "config"

    def ready(self) -> None:
        from config import celery  # noqa: F401  (importing it registers it)
