"""Drafts that rest on articles: given when composed, cited in the text, told to every reader at their place, once."""

from typing import Any

import pytest

from accounts.models import User
from tests.integration.drafts.cases import (
    being_written,
    follow,
    follow_twice,
    follow_until,
    reread,
    told,
    wait_until,
    written,
)
from triage.models import Article, ArticleKind, Draft, DraftState, Ticket
from triage.services import drafts
from triage.services.drafts import Event, EventName, live, publishing
from triage.services.gateway.fleet.connection import get_redis
from triage.simulator import RunningSimulator

ANSWER = "A kettle with a broken lid is replaced free of charge."
BODY = f"Please send a photo of the parcel. {ANSWER}"


@pytest.fixture
def article(transactional_db: None) -> Article:
    return Article.objects.create(
        kind=ArticleKind.CANNED,
        title="Broken lid or handle",
        body=BODY,
        url="https://help.example.com/lid",
    )


@pytest.fixture
def draft(article: Article, ticket: Ticket, alice: User) -> Draft:
    return drafts.propose(ticket.pk, by=alice)


def cited(events: list[Event]) -> list[Event]:
    return [event for event in events if event.name is EventName.CITATION]


def test_the_text_rests_on_the_article_and_shows_no_marker(
    draft: Draft, article: Article, claude: RunningSimulator
) -> None:
    draft = written(draft)

    (source,) = draft.sources
    assert source == {
        "id": article.pk,
        "kind": "canned",
        "title": "Broken lid or handle",
        "url": "https://help.example.com/lid",
        "is_cited": True,
        "at": draft.text.index(ANSWER) + len(ANSWER),
    }
    assert "[[" not in draft.text


def test_an_article_that_was_given_and_not_cited_says_so(
    draft: Draft, article: Article, claude: RunningSimulator
) -> None:
    Article.objects.update(body="Nobody knows more.")

    (source,) = written(draft).sources

    assert (source["id"], source["is_cited"], source["at"]) == (article.pk, False, None)


def test_a_citation_is_told_while_it_is_written_after_the_text_that_it_belongs_to(
    draft: Draft, article: Article, talking: RunningSimulator
) -> None:
    with being_written(draft):
        events = follow(draft)

    (citation,) = cited(events)
    before = told(events[: events.index(citation)])
    assert citation.data == {
        "id": article.pk,
        "title": article.title,
        "url": article.url,
        "at": before.index(ANSWER) + len(ANSWER),
    }
    assert len(before) < len(told(events))
    assert told(events) == reread(draft).text


def test_a_second_reader_and_one_who_comes_back_get_the_same(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        early = follow_until(draft, 40)
        one, other = follow_twice(draft)
        rest = follow(draft, after=early[-1].id)
    late = follow(draft)

    (citation,) = cited(late)
    for events in (one, other, [*early, *rest], late):
        assert told(events) == reread(draft).text
        assert [event.data for event in cited(events)] == [citation.data]
    assert len(talking.rows()) == 1


def test_who_has_seen_the_citation_is_not_told_again(
    draft: Draft, claude: RunningSimulator
) -> None:
    events = follow(written(draft))
    (citation,) = cited(events)

    rest = follow(draft, after=citation.id)

    assert cited(rest) == []
    assert told(rest) == reread(draft).text[len(told(events[: events.index(citation)])) :]


def test_a_redis_that_lost_the_citation_is_made_up_for(
    draft: Draft, talking: RunningSimulator
) -> None:
    with being_written(draft):
        before = follow_until(draft, 40)
        wait_until(lambda: live_citations(draft))
        get_redis().flushdb()
        rest = follow(draft, after=before[-1].id)

    assert told(before) + told(rest) == reread(draft).text
    assert len(cited(rest)) == 1


def test_what_a_lost_writer_had_cited_is_kept(
    draft: Draft, talking: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "SAVE_SECONDS", 60.0)  # the row knows nothing
    with being_written(draft):
        wait_until(lambda: live_citations(draft))
        Draft.objects.filter(pk=draft.pk).update(lease_until=draft.created_at)
        drafts.sweep()

    draft = reread(draft)
    assert draft.state == DraftState.BROKEN
    assert [source["is_cited"] for source in draft.sources] == [True]
    assert draft.sources[0]["at"] <= len(draft.text)


def live_citations(draft: Draft) -> bool:
    found: Any = get_redis().xrange(live.key_of(draft.pk))
    return any(b"citations" in fields for _, fields in found)
