"""`createsuperuser`: Django's own, which says in the end what it made and where to log in."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from accounts.addresses import site
from accounts.models import User


class Command(createsuperuser.Command):
    help = "Create an admin, asking for the address and the password; with --noinput from the environment."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        _check_tables()
        newest = User.objects.order_by("pk").last()
        super().handle(*args, **{**options, "verbosity": 0})
        user = User.objects.filter(pk__gt=newest.pk if newest else 0).first()
        if user is not None and options["verbosity"]:
            self.stdout.write(_in_words(user))


def _check_tables() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not up to date: run `python manage.py migrate` first.")


def _in_words(user: User) -> str:
    login = f"{site()}{reverse('login')}"
    if not user.has_usable_password():
        return (
            f"{user.email} is stored with the role admin, but without a password. Set one with"
            f" `python manage.py changepassword {user.email}`, then log in at {login}"
        )
    return f"{user.email} has the role admin: the workspace and the admin pages. Log in at {login}"
