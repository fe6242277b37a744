"""The Celery application: queues, schedule and delivery rules (their reasons stand in settings)."""

from celery import Celery

app = Celery("triage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["triage"], related_name="tasks")
