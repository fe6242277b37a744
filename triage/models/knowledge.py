"""What drafts may rest on: the teams' canned answers and help articles. Written by admins."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import GeneratedField, Q
from django.utils import timezone

BODY_MAX_CHARACTERS = 8_000


class ArticleKind(models.TextChoices):
    CANNED = "canned", "Canned answer"
    HELP = "help", "Help article"


class Article(models.Model):
    """One text that replies may rest on. A canned answer is approved wording; a help article is fact.

    Without a team it is everybody's. One that is not active is kept, but no draft sees it.
    """

    kind = models.CharField(max_length=10, choices=ArticleKind.choices)
    title = models.CharField(max_length=200)
    body = models.TextField(max_length=BODY_MAX_CHARACTERS)
    url = models.URLField(
        max_length=500, blank=True, help_text="Where customers can read it, if anywhere."
    )
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Whose tickets it is for; empty: everybody's.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    search = GeneratedField(
        expression=SearchVector("title", weight="A", config="simple")
        + SearchVector("body", weight="B", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ArticleKind.values), name="article_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(body=""), name="article_says_something"
            ),
        ]
        indexes = [GinIndex(fields=["search"], name="article_search")]

    def __str__(self) -> str:
        return self.title
