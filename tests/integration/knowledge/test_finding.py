"""Which articles a text is given: those that fit, of the right team, and none rather than noise."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from triage.models import Article, ArticleKind
from triage.services import demo, knowledge
from triage.services.knowledge import find_articles

pytestmark = pytest.mark.django_db

RETURN = {
    "title": "Returning a lamp",
    "body": "A lamp that does not fit the room can be returned within thirty days. Ask for a label.",
}
OTHERS = (
    ("Paying by invoice", "Schools and libraries may pay by invoice within thirty days."),
    ("Opening hours at Christmas", "The shop is closed from the 24th to the 26th."),
    ("Cleaning brass", "Wipe brass with vinegar and salt, rinse it and dry it at once."),
)
ASKED = "I want to return the lamp, it does not fit my room."


def an_article(title: str, body: str, **fields: Any) -> Article:
    return Article.objects.create(title=title, body=body, **{"kind": ArticleKind.HELP, **fields})


@pytest.fixture
def lamp() -> Article:
    for title, body in OTHERS:
        an_article(title, body)
    return an_article(**RETURN)


@pytest.fixture
def demo_tickets() -> dict[str, str]:
    """The demo company's articles, everybody's for once, and its tickets' texts."""
    for row in json.loads((demo.FOLDER / "articles.json").read_text()):
        Article.objects.create(**{**row, "team": None})
    lines = (demo.FOLDER / "tickets.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["external_id"]: f"{row['subject']}\n{row['description']}" for row in rows}


def test_an_article_is_found_by_what_it_shares_with_the_text(lamp: Article) -> None:
    assert find_articles(ASKED, team_id=None) == [lamp]
    assert find_articles(ASKED.upper(), team_id=None) == [lamp]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "4471 2026",
        "Do you have any green carpets?",
        "lamp",
        "Thirty days of rain in Paris",
    ],
)
def test_a_text_that_fits_nothing_is_given_nothing(lamp: Article, text: str) -> None:
    assert find_articles(text, team_id=None) == []


def test_inactive_ones_are_never_given(lamp: Article) -> None:
    Article.objects.update(is_active=False)

    assert find_articles(ASKED, team_id=None) == []


def test_a_teams_own_are_for_its_tickets_alone(lamp: Article) -> None:
    orders, devices = (Team.objects.create(slug=name, name=name) for name in ("orders", "devices"))
    Article.objects.filter(pk=lamp.pk).update(team=orders)

    assert find_articles(ASKED, team_id=orders.pk) == [lamp]
    assert find_articles(ASKED, team_id=devices.pk) == []
    assert find_articles(ASKED, team_id=None) == []


def test_no_more_than_asked_for_and_the_best_first(lamp: Article) -> None:
    better = an_article(
        "Returning a lamp that does not fit", "Lamps go back. Return the lamp: room."
    )
    assert find_articles(ASKED, team_id=None) == [better, lamp]
    assert find_articles(ASKED, team_id=None, limit=1) == [better]


def test_words_that_most_articles_have_find_nothing(lamp: Article) -> None:
    for number in range(9):
        an_article(f"Company lamp number {number}", "With every lamp comes the company's promise.")

    assert find_articles("lamp company promise with every comes", team_id=None) == []


@pytest.mark.parametrize(
    ("ticket", "title"),
    [
        ("demo-0002", "Perch sensor: battery empty"),
        ("demo-0006", "Charged twice"),
        ("demo-0012", "Sign-in link expired"),
        ("demo-0016", "Leaf Box"),
        ("demo-0021", "White fluff"),
        ("demo-0032", "Perch sensor: battery empty"),
        ("demo-0037", "Arrives Alive"),
        ("demo-0055", "Leaf Box"),
        ("demo-0058", "Arrives Alive"),
        ("demo-0059", "Returning an item"),
        ("demo-0092", "Deliveries delayed by the flood"),
        ("demo-0146", "Deliveries delayed by the flood"),
        ("demo-0209", "White fluff"),
    ],
)
def test_a_demo_ticket_is_given_the_article_written_for_its_like(
    demo_tickets: dict[str, str], ticket: str, title: str
) -> None:
    (first, *_) = find_articles(demo_tickets[ticket], team_id=None)

    assert first.title.startswith(title)


@pytest.mark.parametrize(
    "ticket",
    ["demo-0010", "demo-0038", "demo-0042", "demo-0051", "demo-0066", "demo-0079", "demo-0207"],
)
def test_a_demo_ticket_that_no_article_is_about_is_given_none(
    demo_tickets: dict[str, str], ticket: str
) -> None:
    assert find_articles(demo_tickets[ticket], team_id=None) == []


def test_a_long_text_among_many_articles_reads_the_index_and_never_the_whole_table() -> None:
    many = [
        Article(kind=ArticleKind.HELP, title=f"About thing{n}", body=f"common thing{n} " * 20)
        for n in range(400)
    ]
    Article.objects.bulk_create(many)
    text = " ".join(f"thing{n} common" for n in range(0, 4_000, 3))[:20_000]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        find_articles(text, team_id=None)

    assert len(queries) <= 7  # savepoint and planner settings included
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone() == ("on",)
        cursor.execute("SET LOCAL enable_seqscan = off")
        lookup = next(q["sql"] for q in queries if "unnest" in q["sql"])
        cursor.execute(f"EXPLAIN {lookup}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "article_search" in plan
    assert lookup.count("thing") <= knowledge.WORDS_MAX
