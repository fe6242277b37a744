"""Who and what a history is about: the people, teams and labels that there are, or the demo company's."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from accounts.models import Role, Team, User
from triage.models import Label, TaxonomyVersion
from triage.services import taxonomy
from triage.services.classification.prompt import prompt_version
from triage.services.classification.rule import Thresholds, thresholds_in_force
from triage.services.demo import FOLDER
from triage.services.drafts.compose import prompt_version as drafting_version
from triage.services.history.scene import Calendar, Cast, Chapter, Scene, SeedLabel

AGENTS = 12
DOMAIN = "simulated.example"
OVERRIDE = "simulated history: switched on by name to show applied labels"
WORDS_MAX_CHARACTERS = 100
PREFIX_TOKENS = (2_960, 3_420)  # of the guide with its labels, before and after the change
EARLIER_LOWER_BY = 0.05  # the threshold, before the change
MAX_AGENTS = 200


@transaction.atomic
def set_scene(calendar: Calendar, *, seed: int, has_sides: bool) -> Scene:
    """What is needed and missing is made: labels, a taxonomy version, teams, agents whom nobody can log in as.

    Raises:
        InvalidInput: There is one active label alone, which is too few to choose from.
    """
    admin = User.objects.system()
    if not Label.objects.filter(is_active=True).exists():
        _make_labels(by=admin)
    versions = _versions(by=admin)
    cast = Cast(
        system_id=admin.pk,
        admin_id=_admin_id() or admin.pk,
        agents=_agents(),
        labels=_labels(versions[-1]),
    )
    return Scene(
        seed=str(seed),
        first_day=calendar.first_day,
        days=calendar.days,
        ends_at=calendar.ends_at,
        changes_at=calendar.changes_at,
        outage=calendar.outage,
        chapters=_chapters(versions),
        cast=cast,
        has_sides=has_sides,
    )


def _make_labels(*, by: User) -> None:
    """The demo company's, published without their exclusions first: so that there are two versions."""
    described: dict[str, Any] = json.loads((FOLDER / "taxonomy.json").read_text())
    teams = {
        row["slug"]: Team.objects.get_or_create(slug=row["slug"], defaults={"name": row["name"]})[0]
        for row in described["teams"]
    }
    labels = []
    for row in described["labels"]:
        reason = OVERRIDE if row["auto_apply"] else ""
        fields = {**row, "team": teams[row["team"]], "exclusions": ""}
        labels.append(Label.objects.create(**fields, auto_apply_reason=reason))
    taxonomy.publish(by=by)
    for label, row in zip(labels, described["labels"], strict=True):
        label.exclusions = row["exclusions"]
        label.save()
    taxonomy.publish(by=by)


def _versions(*, by: User) -> Sequence[TaxonomyVersion]:
    """The newest two, oldest first; the one there is, twice."""
    newest = list(TaxonomyVersion.objects.order_by("-number")[:2])
    if not newest:
        newest = [taxonomy.publish(by=by)]
    return newest[-1], newest[0]


def _chapters(versions: Sequence[TaxonomyVersion]) -> tuple[Chapter, Chapter]:
    """The prompts change with the taxonomy, or, where there is one version alone, with a template that is made up."""
    before, now = (prompt_version(taxonomy.load(version.pk)) for version in versions)
    if before == now:
        before = hashlib.sha256(f"simulated earlier {now}".encode()).hexdigest()[:16]
    rules = thresholds_in_force()
    earlier = Thresholds(
        max(rules.suggest, round(rules.apply - EARLIER_LOWER_BY, 4)), rules.suggest
    )
    first, second = (
        Chapter(sorting, drafting_version(), version.pk, prefix, thresholds)
        for sorting, version, prefix, thresholds in zip(
            (before, now), versions, PREFIX_TOKENS, (earlier, rules), strict=True
        )
    )
    return first, second


def _labels(version: TaxonomyVersion) -> tuple[SeedLabel, ...]:
    """Those of the version that still are there, in the slugs' order; the first ones come most often."""
    rows = {label.slug: label for label in Label.objects.filter(is_active=True)}
    return tuple(
        SeedLabel(rows[slug].pk, rows[slug].team_id, snapshot, _words(rows[slug]))
        for slug, snapshot in taxonomy.load(version.pk).labels.items()
        if slug in rows
    )


def _words(label: Label) -> tuple[str, ...]:
    """What its tickets say, without what would end a column or a line of a COPY."""
    texts = label.examples or [f"A question about {label.name}."]
    return tuple(
        "Simulated: " + " ".join(text.replace("\\", " ").split())[:WORDS_MAX_CHARACTERS]
        for text in texts
    )


def _admin_id() -> int | None:
    admins = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk")
    return admins.values_list("pk", flat=True).first()


def _agents() -> tuple[int, ...]:
    """The agents there are; some more are made where there are fewer than three."""
    agents = User.objects.filter(role=Role.AGENT, is_active=True).order_by("pk")
    found = tuple(agents.values_list("pk", flat=True)[:MAX_AGENTS])
    if len(found) >= 3:
        return found
    teams = list(Team.objects.order_by("pk"))
    made = [_make_agent(number, teams) for number in range(1, AGENTS + 1)]
    return (*found, *(agent.pk for agent in made))


def _make_agent(number: int, teams: Sequence[Team]) -> User:
    email = f"agent-{number}@{DOMAIN}"
    return User.objects.filter(email=email).first() or User.objects.create_user(
        email,
        name=f"Simulated agent {number}",
        role=Role.AGENT,
        team=teams[number % len(teams)] if teams else None,
    )
