"""A governed stream: the same promises as a plain call, and no text is swallowed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from tests.integration.gateway.conftest import build_request
from triage.exceptions import (
    AnswerCut,
    AnswerRefused,
    BudgetExceeded,
    Cancelled,
    Overloaded,
    RouteExhausted,
    StreamStalled,
    UnexpectedClose,
)
from triage.models import Attempt, Budget, Call, Certainty, Feature, Obtained, Spend, StoredReply
from triage.services import gateway
from triage.services.gateway import About, GovernedStream, Request, Reuse, StreamState, routes
from triage.services.gateway.catalog import HAIKU, SONNET, SONNET_5
from triage.simulator import RunningSimulator

Begin = Callable[..., GovernedStream]


@pytest.fixture(autouse=True)
def short_timers(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.02)
    settings.TRIAGE_STREAM_BYTE_SECONDS = 1.0
    settings.TRIAGE_STREAM_CONTENT_SECONDS = 1.5


@pytest.fixture
def begin(alice: User, transactional_db: None) -> Begin:
    """gateway.stream with what most tests do not care about filled in."""

    def beginning(text: str = "Where is my order?", **options: Any) -> GovernedStream:
        plain = build_request(text)
        request = Request(plain.system, plain.content, max_tokens=300, prompt_version="p1")
        more = {"feature": Feature.DRAFT, "by": alice, "about": About("ticket", "1"), **options}
        return gateway.stream(request, **more)

    return beginning


def read(stream: GovernedStream) -> str:
    return "".join(stream)


def paid(claude: RunningSimulator) -> int:
    return int(claude.bill()["totals"]["cost_nanousd"])


def test_the_pieces_are_the_text_and_the_ledger_is_the_bill(
    begin: Begin, claude: RunningSimulator
) -> None:
    stream = begin()

    pieces = list(stream)

    assert len(pieces) > 3
    assert stream.state is StreamState.COMPLETE
    assert stream.reply
    assert stream.reply.text == stream.text == "".join(pieces)
    attempt = Attempt.objects.get()
    assert (attempt.model, attempt.certainty) == (SONNET, Certainty.KNOWN)
    assert attempt.cost_nanousd == paid(claude) == stream.reply.cost_nanousd > 0
    assert attempt.first_token_ms is not None
    assert Call.objects.get().state == "answered"


def test_an_equal_stream_is_served_from_the_stored_reply(
    begin: Begin, claude: RunningSimulator
) -> None:
    text = read(begin())

    second = begin()

    assert read(second) == text
    assert second.reply
    assert second.reply.obtained == Obtained.STORED
    assert len(claude.bill()["requests"]) == 1


def test_regenerating_asks_anew(begin: Begin, claude: RunningSimulator) -> None:
    read(begin())

    read(begin(reuse=Reuse.NEVER))

    assert len(claude.bill()["requests"]) == 2


@pytest.mark.parametrize(
    ("scenario", "state", "error"),
    [
        ("cut(0.67)", StreamState.UNEXPECTED_CLOSE, "connection_lost"),
        ("stall", StreamState.TIMEOUT, StreamStalled.code),
        ("nostop(0.67)", StreamState.UNEXPECTED_CLOSE, UnexpectedClose.code),
        ("overloadstream", StreamState.ERROR, Overloaded.code),
    ],
)
def test_a_stream_that_breaks_keeps_its_text_and_is_not_begun_anew_behind_the_callers_back(
    begin: Begin, claude: RunningSimulator, scenario: str, state: StreamState, error: str
) -> None:
    claude.set_scenario(scenario, 0)
    stream = begin()

    text = read(stream)

    assert text
    assert stream.text == text
    assert (stream.state, stream.reply) == (state, None)
    assert stream.error
    assert stream.error.code == error
    attempt = Attempt.objects.get()
    assert attempt.certainty == Certainty.LOWER_BOUND
    assert 0 < attempt.cost_nanousd <= paid(claude) <= attempt.bound_nanousd
    assert Call.objects.get().error == error
    assert not StoredReply.objects.exists()


def test_a_stream_that_fails_before_any_text_goes_on_with_the_next_try_and_model(
    begin: Begin, claude: RunningSimulator
) -> None:
    claude.set_scenario("529@sonnet-5-5", 0)
    stream = begin()

    text = read(stream)

    assert text
    assert stream.reply
    assert (stream.reply.model_served, stream.reply.obtained) == (SONNET_5, Obtained.FALLBACK)
    assert stream.reply.cost_nanousd == paid(claude)


def test_pings_without_content_are_left_for_the_next_model(
    begin: Begin, claude: RunningSimulator
) -> None:
    claude.set_scenario("pings(0.2)@sonnet-5-5", 0)
    stream = begin()

    assert read(stream)

    assert stream.reply
    assert stream.reply.model_served == SONNET_5
    first = Attempt.objects.order_by("id").first()
    assert first
    assert first.error == StreamStalled.code
    assert first.certainty == Certainty.LOWER_BOUND  # message_start said what went in


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [("maxtokens", AnswerCut), ("refusal", AnswerRefused), ("refusal(bio)", AnswerRefused)],
)
def test_an_answer_that_is_complete_but_unusable_is_an_error_with_a_name(
    begin: Begin, claude: RunningSimulator, scenario: str, kind: type[Exception]
) -> None:
    claude.set_scenario(scenario, 0)
    stream = begin()

    text = read(stream)

    assert stream.text == text
    assert isinstance(stream.error, kind)
    assert stream.reply is None
    assert Call.objects.get().state == "failed"
    assert Attempt.objects.get().cost_nanousd == paid(claude)
    assert not StoredReply.objects.exists()


def test_leaving_the_iteration_cancels_and_settles_what_was_used(
    begin: Begin, claude: RunningSimulator
) -> None:
    stream = begin()
    pieces = iter(stream)
    first = next(pieces)

    assert isinstance(pieces, Iterator)
    pieces.close()  # type: ignore[attr-defined]

    assert (stream.state, stream.text) == (StreamState.CANCELLED, first)
    assert isinstance(stream.error, Cancelled)
    assert Attempt.objects.get().certainty == Certainty.LOWER_BOUND
    assert Call.objects.get().error == "cancelled"
    assert Spend.objects.filter(held_nanousd__gt=0).count() == 0


def test_a_stream_can_be_cancelled_from_outside(begin: Begin, claude: RunningSimulator) -> None:
    claude.set_scenario("stall", 0)
    seen: list[str] = []
    stream = begin(cancelled=lambda: bool(seen))

    for piece in stream:
        seen.append(piece)  # noqa: PERF402  (what `cancelled` looks at meanwhile)

    assert stream.state is StreamState.CANCELLED
    assert stream.text == "".join(seen)


def test_an_old_stored_reply_is_better_than_none_and_says_that_it_is_old(
    begin: Begin, claude: RunningSimulator, settings: Settings
) -> None:
    text = read(begin())
    claude.set_scenario("529", 0)
    stream = begin(reuse=Reuse.NEVER, canned="We will answer soon.")

    assert read(stream) == text

    assert stream.reply
    assert stream.reply.obtained == Obtained.STALE


def test_without_an_old_reply_the_canned_answer_is_given_and_says_so(
    begin: Begin, claude: RunningSimulator
) -> None:
    claude.set_scenario("529", 0)
    stream = begin(canned="We will answer soon.")

    assert read(stream) == "We will answer soon."

    assert stream.reply
    assert stream.reply.obtained == Obtained.CANNED
    assert not StoredReply.objects.exists()


def test_without_any_last_resort_the_route_is_exhausted(
    begin: Begin, claude: RunningSimulator
) -> None:
    claude.set_scenario("529", 0)

    with pytest.raises(RouteExhausted):
        read(begin())

    assert Attempt.objects.filter(model=HAIKU).exists()


def test_a_stream_is_refused_by_the_same_budgets(begin: Begin, claude: RunningSimulator) -> None:
    Budget.objects.create(scope="feature", key="draft", period="day", hard_nanousd=1)

    with pytest.raises(BudgetExceeded):
        read(begin(canned="We will answer soon."))

    assert not claude.bill()["requests"]
