"""Probes of what Claude needs: the key, the models on the routes, their prices, and a prompt long enough to be cached."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from triage.exceptions import AttemptFailed, KeyRejected, ModelGone, ModelNotPriced, NoTaxonomy
from triage.models import Feature, Lifecycle, ModelLife
from triage.selectors import alert_figures
from triage.services import taxonomy
from triage.services.classification.prompt import system_prompt
from triage.services.doctor.probing import Found, State
from triage.services.gateway import client, life
from triage.services.gateway.catalog import CATALOG, ModelCard, name_of
from triage.services.gateway.pricing import SOURCE, card_of
from triage.services.gateway.routes import route_of
from triage.services.taxonomy import Taxonomy

ASK_SECONDS = 4.0
KNOWN_FOR = timedelta(days=2)  # models are looked up once a day
BYTES_PER_TOKEN = 4  # of the older tokenizer; the newer one counts about 30 % more
ENOUGH_REQUESTS = 20
LONGER = "Give the labels more examples and publish them, or put another model first on the route."
LOOK_UP = "python manage.py check_models"


def key() -> Found:
    """Asks the provider, once, about the first model; that is free."""
    model = route_of(Feature.CLASSIFY).model_asked
    who = "The simulator" if settings.TRIAGE_SIMULATOR else "The provider"
    if not (settings.ANTHROPIC_API_KEY or settings.TRIAGE_SIMULATOR):
        fix = "Set ANTHROPIC_API_KEY, or TRIAGE_SIMULATOR=1 to run against the built-in simulator."
        return Found(State.BROKEN, "No key is set.", fix)
    try:
        client.get_model(model, seconds=ASK_SECONDS)
    except ModelGone:
        pass  # it knows us, and that is what was asked
    except KeyRejected:
        return Found(
            State.BROKEN, f"{who} rejects the key.", "Set ANTHROPIC_API_KEY to a valid key."
        )
    except AttemptFailed as error:
        fix = "See whether this machine reaches ANTHROPIC_BASE_URL, and the provider's status page."
        return Found(State.BROKEN, f"{who} gives no answer: {error}", fix)
    return _answering(who)


def _answering(who: str) -> Found:
    if not settings.TRIAGE_SIMULATOR:
        return Found(State.OK, f"{who} accepts the key.")
    text = f"{who} answers in Claude's place: nothing is billed, and no answer is Claude's."
    fix = "Set ANTHROPIC_API_KEY and unset TRIAGE_SIMULATOR when Claude is to answer."
    return Found(State.OK, text) if settings.DEBUG else Found(State.WARNING, text, fix)


def models() -> Found:
    """What the provider said of the models on the routes when it was last asked."""
    wanted = list(life.models_on_routes())
    known = {row.model: row for row in ModelLife.objects.filter(model__in=wanted)}
    unknown = [name_of(model) for model in wanted if model not in known]
    gone = [name_of(row.model) for row in known.values() if row.lifecycle == Lifecycle.RETIRED]
    if gone:
        text = f"No longer served: {', '.join(gone)}."
        return Found(State.BROKEN, text, "Take them off the routes.")
    if unknown:
        text = f"Nobody has looked up {', '.join(unknown)} yet."
        return Found(State.WARNING, text, LOOK_UP)
    since = min(row.checked_at for row in known.values())
    if timezone.now() - since > KNOWN_FOR:
        return Found(State.WARNING, f"They were last looked up on {_day(since)}.", LOOK_UP)
    return _retiring(known)


def _retiring(known: dict[str, ModelLife]) -> Found:
    ends = sorted(
        (row.retires_at, name_of(row.model)) for row in known.values() if row.retires_at is not None
    )
    text = ", ".join(f"{name} retires on {_day(at)}" for at, name in ends)
    if ends and ends[0][0] - timezone.now() < life.NOTICE:
        return Found(State.WARNING, f"{text}.", "Put the successors on the routes before that day.")
    return Found(State.OK, f"All {len(known)} are served{'; ' + text if text else ''}.")


def prices() -> Found:
    unpriced = []
    wanted = list(life.models_on_routes())
    for model in wanted:
        try:
            card_of(model)
        except ModelNotPriced:
            unpriced.append(name_of(model))
    if unpriced:
        text = f"No price is known for {', '.join(unpriced)}: they are never asked."
        return Found(State.BROKEN, text, "Take them off the routes, or update genai-prices.")
    return Found(State.OK, f"All {len(wanted)} models on the routes have a price ({SOURCE}).")


def cache_floor() -> Found:
    """Whether the guide is long enough for the first model to cache it: as its requests show, else by an estimate."""
    try:
        current = taxonomy.current()
    except NoTaxonomy:
        fix = "Add at least two labels and publish them."
        return Found(State.WARNING, "No labels are published, so there is no guide yet.", fix)
    card = CATALOG.get(route_of(Feature.CLASSIFY).model_asked)
    if card is None:
        return Found(
            State.BROKEN, "The first model is not in the model table.", "Change the route."
        )
    seen = alert_figures.cached_prefix(card.id, timezone.now())
    if seen.part:
        text = f"{card.name} has cached {seen.part:,} tokens of each prompt in the last seven days."
        return Found(State.OK, text)
    if seen.whole >= ENOUGH_REQUESTS:
        text = f"{card.name} has cached none of {seen.whole:,} requests of the last seven days."
        return Found(State.WARNING, text, LONGER)
    return _estimated(card, current)


def _estimated(card: ModelCard, current: Taxonomy) -> Found:
    tokens = len(system_prompt(current).encode()) // BYTES_PER_TOKEN
    text = (
        f"The guide of taxonomy {current.number} has {tokens:,} tokens or more (estimated); {card.name} caches from"
        f" {card.cache_floor_tokens:,} on."
    )
    is_long = tokens >= card.cache_floor_tokens
    return Found(State.OK, text) if is_long else Found(State.WARNING, text, LONGER)


def _day(at: datetime) -> str:
    return f"{at:%-d %B %Y}"
