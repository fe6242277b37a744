"""The pages whose cost must not depend on how many tickets there are: each filter of the API alone, each view of the queue."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIRequestFactory, force_authenticate

from accounts import tokens
from accounts.models import ApiToken, User
from accounts.models.tokens import Scope
from bench.filters_data import RARE_TAG, database
from triage.api.paging import AFTER, SIZE
from triage.api.tickets import SORT, SORTS, TicketListApi, ticket_order
from triage.models import Ticket
from triage.selectors import queue
from triage.selectors.activity import activity_of
from triage.selectors.queue import Filters, View
from triage.selectors.receipts import receipts_of
from triage.selectors.similar import similar_tickets
from triage.web import ticket_page

TOKEN = "bench"  # noqa: S105 - a token's name
# A word's number is about its rank: w1 stands in most tickets, w10000 in a few of ten thousand.
WORDS = {"common": "w3", "middling": "w100", "rare": "w10000", "two": "w3 w40", "absent": "absent"}
FILTERS: dict[str, list[str]] = {
    "": [""],
    "status": ["closed", "open", "hold"],
    "priority": ["normal", "urgent"],
    "channel": ["email", "form"],
    "label": ["label-1", "label-77"],
    "team_id": ["1", "12"],
    "assignee_id": ["1", "40"],
    "requester_id": ["1", "1500"],
    "requester_email": ["Requester-2@example.com"],
    "source": ["desk", "fax"],
    "external_id": ["case-777"],
    "tag": ["tag-1", "tag-5", "tag-10", "tag-15", "tag-20", RARE_TAG],
    "needs_review": ["true", "false"],
    "updated_since": ["recent", "old"],
}
DEEP_IN_RANKS = 9  # pages of 100 ranked hits
Show = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, by its kind and its name in the table. The first of a kind is full at any size.

    `prepare` makes it ready in the router's database; what that gives shows it and says how many rows it has.
    """

    kind: str
    name: str
    prepare: Callable[[], Show]


def queries_of(show: Show) -> list[str]:
    """What the page asks the database."""
    with CaptureQueriesContext(database()) as captured:
        show()
    return [query["sql"] for query in captured.captured_queries]


def prepare() -> None:
    """The token that the pages are asked with."""
    by = User.objects.order_by("pk")[0]
    tokens.issue(by, name=TOKEN, scopes=[Scope.TICKETS_READ], by=by)


def all_pages() -> list[Page]:
    return [*_lists(), *_searches(), *_views(), *_tickets()]


def _lists() -> Iterator[Page]:
    """Every filter alone, in both orders, from the start and from the middle."""
    for name, values in FILTERS.items():
        for value in values:
            for sort in SORTS:
                for place in ("first", "deep"):
                    yield Page(
                        "tagged" if name == "tag" else "list",
                        f"{name}={value} {sort} {place}" if name else f"all {sort} {place}",
                        partial(_list, name, value, sort, is_deep=place == "deep"),
                    )


def _searches() -> Iterator[Page]:
    for kind, words in WORDS.items():
        yield Page("q", f"{kind} first", partial(_search, words, pages=0))
        yield Page("q", f"{kind} deep", partial(_search, words, pages=DEEP_IN_RANKS))


def _views() -> Iterator[Page]:
    """The agents' views, whole and narrowed."""
    narrowings: dict[str, dict[str, str]] = {
        "": {},
        " label-1": {"label": "label-1"},
        " label-77": {"label": "label-77"},
        " team-12": {"team": "team-12"},
        " text common": {"text": WORDS["common"]},
        " text middling": {"text": WORDS["middling"]},
        " text rare": {"text": WORDS["rare"]},
    }
    for view in sorted(View, key=lambda view: view is not View.OPEN):
        for name, fields in narrowings.items():
            filters = Filters(view=view, **fields)
            yield Page("queue", f"{view}{name}", partial(_view, filters))
    yield Page("queue", "counts", _counts)


def _tickets() -> Iterator[Page]:
    """A ticket's page, and the parts that come when they are looked at."""
    for part in ("page", "similar", "activity", "receipt"):
        yield Page(f"ticket {part}", "in the middle", partial(_ticket, part))


def _list(name: str, value: str, sort: str, *, is_deep: bool) -> Show:
    query = {SORT: sort}
    if name:
        query[name] = _moment(value) if name == "updated_since" else value
    if is_deep:
        query[AFTER] = _middle(sort)
    return _asking(query)


def _search(words: str, *, pages: int) -> Show:
    query = {"q": words, SIZE: "100"}
    for _ in range(pages):
        query[AFTER] = _answer(query, _token()).data["meta"]["after_cursor"]
    return _asking(query | {SIZE: "25"})


def _asking(query: dict[str, str]) -> Show:
    token = _token()
    return lambda: len(_answer(query, token).data["data"])


def _answer(query: dict[str, str], token: ApiToken) -> Any:
    request = APIRequestFactory().get("/api/v1/tickets", query)
    force_authenticate(request, user=token.user, token=cast("Any", token))
    answer = TicketListApi.as_view()(request)
    assert answer.status_code == HTTPStatus.OK, answer.data
    return answer


def _token() -> ApiToken:
    return ApiToken.objects.select_related("user").get(name=TOKEN)


def _view(filters: Filters) -> Show:
    agent = _agent()
    return lambda: len(queue.page(filters, by=agent).rows)


def _ticket(part: str) -> Show:
    middle = Ticket.objects.get(pk=Ticket.objects.latest("pk").pk // 2)
    shows: dict[str, Callable[[], object]] = {
        "page": lambda: ticket_page.load(middle.pk),
        "similar": lambda: (similar_tickets(middle), ticket_page.other_tickets(middle)),
        "activity": lambda: activity_of(middle),
        "receipt": lambda: receipts_of(middle.pk),
    }

    def show() -> int:
        shows[part]()
        return 1

    return show


def _counts() -> Show:
    agent = _agent()
    return lambda: len(queue.counts(agent))


def _agent() -> User:
    return User.objects.get(email="agent-7@example.com")


def _middle(sort: str) -> str:
    """A cursor in the middle of all tickets."""
    middle = Ticket.objects.filter(pk=Ticket.objects.latest("pk").pk // 2)
    return str(ticket_order({SORT: sort}).cut(middle, after=None, size=1).cursor)


def _moment(value: str) -> str:
    days = {"recent": 2, "old": 1_000}[value]
    return (timezone.now() - timedelta(days=days)).isoformat()
