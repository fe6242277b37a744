"""`create_token USER --scope tickets:read …`: a token for the API. Prints its secret, alone, on standard output."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import tokens
from accounts.exceptions import InvalidInput
from accounts.models import ApiToken, Scope, User

LONGEST_DAYS = 3_650


class Command(BaseCommand):
    help = "Issue a token for the API. Its secret is printed once, alone on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the e-mail address of the user whose token it is")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            help=f"what it may do; repeat it for more: {', '.join(Scope.values)}",
        )
        parser.add_argument("--name", default="create_token", help="who will use it")
        parser.add_argument("--expires-days", type=int, help="by default it does not expire")

    def handle(
        self,
        *args: Any,
        user: str,
        scope: list[str],
        name: str,
        expires_days: int | None,
        **options: Any,
    ) -> None:
        try:
            issued = tokens.issue(
                _find(user),
                name=name,
                scopes=scope,
                by=User.objects.system(),
                expires_at=_end(expires_days),
            )
        except InvalidInput as error:
            raise CommandError(error.message) from error
        self.stderr.write(_in_words(issued.token))
        self.stdout.write(issued.secret)


def _find(email: str) -> User:
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise CommandError(
            f"There is no user {email}. Add one on the admin pages or by createsuperuser."
        )
    return user


def _end(days: int | None) -> Any:
    if days is None:
        return None
    if not 0 < days <= LONGEST_DAYS:
        raise CommandError(f"--expires-days must be from 1 to {LONGEST_DAYS:,}.")
    return timezone.now() + timedelta(days=days)


def _in_words(token: ApiToken) -> str:
    ends = f"expires on {token.expires_at:%-d %B %Y}" if token.expires_at else "does not expire"
    return (
        f"Token {token.name!r} of {token.user.email} for {', '.join(token.scopes)}; it {ends}."
        " The next line is its secret, which nobody can look up again."
    )
