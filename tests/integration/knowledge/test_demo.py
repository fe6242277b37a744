"""The demo company's articles, as they are loaded with its tickets."""

import pytest

from triage.models import Article, ArticleKind, Ticket
from triage.services import demo
from triage.services.knowledge import find_articles


@pytest.mark.django_db
def test_the_demo_company_has_articles_for_its_teams_and_for_everybody() -> None:
    demo.load()

    articles = Article.objects.select_related("team")
    assert 6 <= len(articles) <= 8
    assert all(article.team for article in articles if article.kind == ArticleKind.CANNED)
    assert all(article.url for article in articles if article.kind == ArticleKind.HELP)
    battery = Ticket.objects.get(external_id="demo-0002")
    sensors = next(
        article for article in articles if article.team and article.team.slug == "devices"
    )
    assert find_articles(battery.description, team_id=sensors.team_id) == [sensors]
