"""Articles as admins keep them."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Team
from triage.models import Article, ArticleKind

LIST = "admin:triage_article_changelist"


@pytest.fixture
def article(db: None) -> Article:
    team = Team.objects.create(slug="orders", name="Orders")
    return Article.objects.create(
        kind=ArticleKind.CANNED, title="Broken on arrival", body="We send a new one.", team=team
    )


def test_articles_are_listed_searched_and_filtered(as_bob: Client, article: Article) -> None:
    Article.objects.create(kind=ArticleKind.HELP, title="Opening hours", body="From ten to six.")

    listed = as_bob.get(reverse(LIST)).text
    searched = as_bob.get(reverse(LIST), {"q": "new one"}).text
    filtered = as_bob.get(reverse(LIST), {"kind__exact": "help"}).text

    assert ("Broken on arrival" in listed, "Opening hours" in listed) == (True, True)
    assert ("Broken on arrival" in searched, "Opening hours" in searched) == (True, False)
    assert ("Broken on arrival" in filtered, "Opening hours" in filtered) == (False, True)
    assert ("everybody" in listed, "Orders" in searched) == (True, True)


def test_an_article_is_written_and_switched_off(as_bob: Client, article: Article) -> None:
    form = {"title": "Lost parcel", "kind": "help", "body": "We look for it.", "is_active": "on"}

    as_bob.post(reverse("admin:triage_article_add"), {**form, "url": "", "team": ""})
    page = reverse("admin:triage_article_change", args=[article.pk])
    as_bob.post(
        page, {**form, "title": "Broken on arrival", "url": "", "team": "", "is_active": ""}
    )

    assert Article.objects.get(title="Lost parcel").is_active
    assert not Article.objects.get(pk=article.pk).is_active


def test_the_overview_leads_to_the_articles(as_bob: Client) -> None:
    html = as_bob.get(reverse("admin:index")).text

    assert html.count(f'href="{reverse(LIST)}"') == 2  # the sidebar and the overview


def test_agents_have_no_business_here(as_alice: Client, article: Article) -> None:
    assert as_alice.get(reverse(LIST)).status_code == 302
