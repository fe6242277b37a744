"""The Celery application: queues, schedule and delivery rules (their reasons stand in settings).

What goes by the clock is scheduled here, what goes by an interval in settings, which know nothing of Celery.
"""

from celery import Celery
from celery.schedules import crontab

app = Celery("triage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["triage"], related_name="tasks")
app.conf.beat_schedule = {
    **app.conf.beat_schedule,
    "prune": {
        "task": "triage.prune",
        "schedule": crontab(hour=3, minute=17),  # UTC: a quiet hour, off the hour itself
        "options": {"expires": 3600, "queue": "bulk"},
    },
    "learn": {
        "task": "triage.learn",
        "schedule": crontab(hour=2, minute=43),
        "options": {"expires": 3600, "queue": "bulk"},
    },
}
