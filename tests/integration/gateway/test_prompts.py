"""Every call keeps what Claude saw and said, however it ended, in the statements that open and close it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from tests import processes
from tests.integration.gateway.batch_cases import QUICK, finish, lines, prepared
from tests.integration.gateway.conftest import GUIDE, SCHEMA, Ask, build_request
from tests.integration.gateway.test_single_flight import release, start_callers, wait_until
from triage.exceptions import (
    AnswerCut,
    BudgetExceeded,
    Cancelled,
    RateExceeded,
    RequestRejected,
    RouteExhausted,
    StreamStalled,
)
from triage.models import BatchState, Budget, Call, Feature, Obtained, Prompt, PromptGuide
from triage.services import gateway
from triage.services.gateway import About, GovernedStream, Request, Reuse, prompts, routes
from triage.simulator import RunningSimulator

Begin = Callable[..., GovernedStream]
WITH_NUL = {"type": "object", "required": ["x\0"]}


@pytest.fixture(autouse=True)
def short_timers(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(routes, "BACKOFF_BASE_SECONDS", 0.02)
    settings.TRIAGE_STREAM_CONTENT_SECONDS = 0.7


@pytest.fixture(autouse=True)
def no_guide_written(transactional_db: None) -> None:
    prompts._Written.guides.clear()


@pytest.fixture
def begin(alice: User) -> Begin:
    """gateway.stream for a draft."""

    def beginning(text: str = "Where is my order?", **options: object) -> GovernedStream:
        request = replace(build_request(text), schema=None, max_tokens=300)
        about = About("ticket", "1")
        return gateway.stream(request, feature=Feature.DRAFT, by=alice, about=about, **options)  # type: ignore[arg-type]

    return beginning


def newest() -> Prompt:
    return Prompt.objects.select_related("call").latest("pk")


def guide_of(prompt: Prompt) -> PromptGuide:
    return PromptGuide.objects.get(digest=prompt.guide_digest)


def check_all_are_there() -> None:
    """A prompt for every call, a guide for every prompt."""
    assert Prompt.objects.count() == Call.objects.count() > 0
    guides = set(PromptGuide.objects.values_list("digest", flat=True))
    assert set(Prompt.objects.values_list("guide_digest", flat=True)) <= guides


def test_a_call_keeps_what_was_sent_and_what_was_answered(
    ask: Ask, claude: RunningSimulator
) -> None:
    request = build_request()

    reply = ask(request)

    prompt = Prompt.objects.get(call=reply.call_id)
    assert prompt.content == list(request.content)
    assert (prompt.max_tokens, prompt.reply) == (100, reply.text)
    assert (guide_of(prompt).system, guide_of(prompt).schema) == (GUIDE, SCHEMA)


def test_a_reply_that_was_stored_is_kept_with_every_call_that_it_answers(
    ask: Ask, claude: RunningSimulator
) -> None:
    first = ask()
    cache.clear()
    from_database, from_redis = ask(), ask()

    replies = dict(Prompt.objects.values_list("call", "reply"))
    assert replies == dict.fromkeys(
        [first.call_id, from_database.call_id, from_redis.call_id], first.text
    )
    check_all_are_there()


def test_a_shared_reply_is_kept_with_the_call_that_waited_for_it(
    ask: Ask, claude: RunningSimulator
) -> None:
    claude.set_scenario("slow(0.5)", 0)

    with ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda _: ask(), range(2)))

    assert {reply.obtained for reply in replies} == {Obtained.FIRST, Obtained.JOINED}
    assert set(Prompt.objects.values_list("reply", flat=True)) == {replies[0].text}
    check_all_are_there()


def test_an_old_and_a_canned_answer_are_kept_as_what_was_given(
    begin: Begin, claude: RunningSimulator
) -> None:
    text = "".join(begin())
    claude.set_scenario("529", 0)

    assert "".join(begin(reuse=Reuse.NEVER)) == text
    assert (newest().call.obtained, newest().reply) == (Obtained.STALE, text)

    assert "".join(begin("Another one.", canned="We will answer soon.")) == "We will answer soon."
    assert (newest().call.obtained, newest().reply) == (Obtained.CANNED, "We will answer soon.")


def test_a_failed_call_keeps_its_prompt_without_a_reply(ask: Ask, claude: RunningSimulator) -> None:
    claude.set_scenario("529", 0)

    with pytest.raises(RouteExhausted):
        ask()

    assert (newest().call.state, newest().reply) == ("failed", "")
    assert newest().content == list(build_request().content)


def test_an_answer_that_cannot_be_used_is_kept_all_the_same(
    ask: Ask, claude: RunningSimulator
) -> None:
    with pytest.raises(AnswerCut):
        ask(replace(build_request(), max_tokens=3))

    assert newest().call.state == "failed"
    assert newest().reply


def test_a_call_that_a_budget_refused_keeps_its_prompt_and_the_guide(
    ask: Ask, claude: RunningSimulator
) -> None:
    Budget.objects.create(scope="installation", period="day", hard_nanousd=1)

    with pytest.raises(BudgetExceeded):
        ask()

    assert newest().call.error == BudgetExceeded.code
    check_all_are_there()


def test_a_call_that_its_users_rate_refused_keeps_its_prompt(
    begin: Begin, alice: User, claude: RunningSimulator
) -> None:
    alice.calls_per_minute = 1
    alice.save()
    list(begin())

    with pytest.raises(RateExceeded):
        list(begin("Another one."))

    assert newest().call.error == RateExceeded.code
    check_all_are_there()


def test_a_streams_whole_text_is_kept(begin: Begin, claude: RunningSimulator) -> None:
    text = "".join(begin())

    assert newest().reply == text
    assert guide_of(newest()).schema is None


def test_a_stream_that_broke_keeps_the_text_that_came(
    begin: Begin, claude: RunningSimulator
) -> None:
    claude.set_scenario("stall", 0)
    stream = begin()

    text = "".join(stream)

    assert text
    assert isinstance(stream.error, StreamStalled)
    assert (newest().call.state, newest().reply) == ("failed", text)


def test_a_stream_that_was_left_keeps_the_text_that_came(
    begin: Begin, claude: RunningSimulator
) -> None:
    stream = begin()
    pieces = iter(stream)
    first = next(pieces)

    pieces.close()  # type: ignore[attr-defined]

    assert isinstance(stream.error, Cancelled)
    assert newest().reply == first


def test_a_process_killed_before_the_answer_leaves_the_prompt_and_its_guide(
    transactional_db: None, claude: RunningSimulator
) -> None:
    claude.set_scenario("silence", 0)
    (caller,) = start_callers(1, threads=1)
    release([caller])
    wait_until(lambda: len(claude.bill()["requests"]) == 1)

    processes.kill(caller)

    assert (newest().call.state, newest().reply) == ("running", "")
    assert newest().content == list(build_request().content)
    assert guide_of(newest()).system == GUIDE


def test_the_lines_of_a_batch_keep_their_prompts_and_get_their_answers(
    claude: RunningSimulator,
) -> None:
    claude.set_scenario(QUICK)
    batch = prepared(3)
    check_all_are_there()
    assert set(Prompt.objects.values_list("reply", flat=True)) == {""}

    assert finish(batch) == BatchState.COLLECTED

    sent = {line.about.id: list(line.request.content) for line in lines(3)}
    kept = Prompt.objects.select_related("call")
    assert {prompt.call.about_id: prompt.content for prompt in kept} == sent
    assert all(prompt.reply for prompt in kept)


def test_lines_that_brought_no_answer_have_no_reply(claude: RunningSimulator) -> None:
    claude.set_scenario(f"{QUICK}+batcherrored", 0)

    assert finish(prepared(2)) == BatchState.COLLECTED

    assert list(Prompt.objects.values_list("reply", flat=True)) == ["", ""]


def test_text_that_the_database_cannot_hold_is_kept_without_that(
    ask: Ask, claude: RunningSimulator
) -> None:
    text = "Money\0 back, please: \\u0000 'quoted' %s {} \u2028"
    request = replace(build_request(text), system=f"{GUIDE}\0", schema=WITH_NUL)

    with pytest.raises(RequestRejected):
        ask(request)

    assert newest().content[0] == f"<ticket>\n{text}\n</ticket>".replace("\0", "")
    assert guide_of(newest()).system == GUIDE
    assert guide_of(newest()).schema == {"type": "object", "required": ["x"]}
    half = prompts.prompt_of(replace(request, content=("half a pair: \ud800",)))
    assert half.content == ["half a pair: ?"]


def test_a_process_writes_a_guide_once_and_again_after_an_hour(
    ask: Ask, claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(build_request("one"))
    PromptGuide.objects.all().delete()

    ask(build_request("two"))
    assert not PromptGuide.objects.exists()

    monkeypatch.setattr(prompts, "GUIDE_SECONDS", 0.0)
    ask(build_request("three"))
    check_all_are_there()


def test_calls_of_one_version_share_a_guide_and_another_schema_is_another(
    ask: Ask, claude: RunningSimulator
) -> None:
    plain = build_request("one")
    other: Request = replace(plain, schema=None, max_tokens=300)

    for request in (plain, build_request("two"), other):
        ask(request, reuse=Reuse.NEVER)

    assert PromptGuide.objects.count() == 2
    check_all_are_there()


def test_a_governed_call_makes_no_more_statements_than_before_prompts_were_kept(
    ask: Ask, claude: RunningSimulator
) -> None:
    ask(build_request("the first call of a process writes the guide"))

    with CaptureQueriesContext(connection) as paid:
        ask(build_request("now"))
    cache.clear()
    with CaptureQueriesContext(connection) as from_database:
        ask(build_request("now"))
    with CaptureQueriesContext(connection) as from_redis:
        ask(build_request("now"))

    # A BEGIN and a COMMIT each transaction: call, claim, attempt, budgets; then reply, call, attempt.
    assert len(paid) == (2 + 4) + (2 + 3)
    # Call and claim; the reply; the call.
    assert len(from_database) == (2 + 2) + (2 + 1) + (2 + 1)
    # Call, and call.
    assert len(from_redis) == 2 + 2
