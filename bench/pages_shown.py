"""What is measured: every report, every dashboard, the admin's lists of large tables, and reports over the API."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus

from django.test import Client

from accounts import tokens
from accounts.models import User
from accounts.models.tokens import Scope
from bench.pages_data import ADMIN, DAYS
from triage.admin.site import DASHBOARDS
from triage.selectors.periods import Period
from triage.selectors.reports import REPORTS
from triage.selectors.tables import Asked

LISTS = ("call", "ticket", "alert", "batch")
API_REPORTS = ("costs-by-model", "quality-by-label")
Show = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Page:
    """`prepare` makes it ready in the database of the moment; what that gives shows it."""

    name: str
    prepare: Callable[[], Show]


def all_pages() -> Iterator[Page]:
    for name in REPORTS:
        yield Page(f"report {name}", partial(_report, name))
    for name in DASHBOARDS:
        yield Page(f"/admin/{name}/", partial(_page, f"/admin/{name}/?{_days()}"))
    for name in LISTS:
        yield Page(f"/admin/ … {name} list", partial(_page, f"/admin/triage/{name}/"))
    for name in API_REPORTS:
        yield Page(f"/api/v1/reports/{name}", partial(_endpoint, name))


def asked() -> Asked:
    """The days of the whole history."""
    today = datetime.now(UTC).date()
    return Asked(Period(today - timedelta(days=DAYS - 1), today))


def _report(name: str) -> Show:
    return lambda: REPORTS[name].build(asked())


def _page(address: str) -> Show:
    client = Client()
    client.force_login(User.objects.get(email=ADMIN))
    session = client.cookies

    def show() -> None:
        client.cookies = session
        answer = client.get(address)
        assert answer.status_code == HTTPStatus.OK, (address, answer.status_code)

    return show


def _endpoint(name: str) -> Show:
    by = User.objects.get(email=ADMIN)
    scopes = [Scope.USAGE_READ, Scope.ADMIN]
    issued = tokens.issue(by, name=f"bench {name}", scopes=scopes, by=by)
    headers = {"Authorization": f"Bearer {issued.secret}"}
    period = asked().period

    def show() -> None:
        answer = Client().get(
            f"/api/v1/reports/{name}?since={period.first}&until={period.last}", headers=headers
        )
        assert answer.status_code == HTTPStatus.OK, answer.content

    return show


def _days() -> str:
    period = asked().period
    return f"from={period.first}&to={period.last}"
