"""`load_demo`: the demo company, once, into an empty installation."""

from typing import Any

from django.core.management.base import BaseCommand

from triage.services import demo


class Command(BaseCommand):
    help = "Load the demo company into an empty installation and print its logins."

    def handle(self, *args: Any, **options: Any) -> None:
        if not demo.is_wanted():
            return
        logins = demo.load()
        for email in logins.emails:
            self.stdout.write(f"login: {email}  password: {logins.password}")
