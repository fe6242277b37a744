"""What the figures of the prompt cache mean, and what to do about its misses: a sentence each."""

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal

from triage.models import CacheMiss, Feature
from triage.selectors.reports.cache_cells import CacheUse, Missed, Spacing
from triage.types import Rates, usd

# As in the model table (`gateway.catalog`), which lies above the selectors; a test compares.
FLOOR_TOKENS: Mapping[str, int] = {
    "claude-haiku-5-5": 512,
    "claude-haiku-4-5-20251001": 4_096,
    "claude-sonnet-5-5": 512,
    "claude-sonnet-5": 1_024,
    "claude-sonnet-4-6": 1_024,
    "claude-opus-5-5": 512,
}
SHORT_TTL_MINUTES = 5
CALLS_FOR_AN_HOUR = 3  # 2 + 2r < 3: one written at twice the price and two read, against three
MAX_WRITES_PER_READ = 10
MIN_HIT_RATE = 0.5
ENOUGH_REQUESTS = 50
ADVICE: Mapping[CacheMiss, str] = {
    CacheMiss.FIRST_CALL: "Nothing to mend: the first call with a prompt has to fill the cache.",
    CacheMiss.FALLBACK: "Each model has a cache of its own, so a fallback starts cold: see on the Health page why the first "
    "model did not answer.",
    CacheMiss.SPLIT_PREFIX: "Each version in turn writes a cache of its own. Let one be in use: a variant in the system prompt "
    "belongs behind the ticket, and all workers should run the same release.",
    CacheMiss.CONCURRENT: "The cache can be read once a first answer has begun; calls that leave before that all write. Where "
    "many start at once, let one go ahead.",
    CacheMiss.UNEXPLAINED: "The provider may drop an entry early. If it goes on, give its support the request ids of these "
    "attempts: they stand with the calls.",
}


def verdict(use: CacheUse, rates: Rates | None) -> str:
    """What the cache earns or loses a day, and from how many hits it would earn."""
    if not use.hits + use.writes:
        return "Caches nothing: the prompt is shorter than the model caches." if use.neither else ""
    a_day = round(use.saved_nanousd / max(use.days, 1))
    if a_day > 0:
        return f"Earns {dollars(a_day)} a day."
    if not a_day:
        return "Earns nothing and costs nothing."
    loses = f"Loses {dollars(-a_day)} a day"
    if rates is None:
        return f"{loses}."
    least = break_even(use.write_usd_per_mtok(rates), rates)
    return f"{loses}; needs above {_percent(least)} hits, has {_percent(use.prefix_hit_rate or 0)}."


def break_even(write_usd_per_mtok: Decimal, rates: Rates) -> float:
    """The hit rate, by tokens of the prefix, above which writing costs less than sending all in full: (w - 1) / (w - r)."""
    premium = write_usd_per_mtok - rates.uncached_input
    return float(premium / (write_usd_per_mtok - rates.cache_read))


def calls_to_pay(write_usd_per_mtok: Decimal, rates: Rates) -> int:
    """From which call on within its lifetime an entry is cheaper: the least n with w + (n - 1) r < n."""
    exact = (write_usd_per_mtok - rates.cache_read) / (rates.uncached_input - rates.cache_read)
    return int(exact) + 1


def lost_usd_per_mtok(miss: Missed, use: CacheUse, rates: Rates) -> Decimal:
    """By how much its tokens would have been cheaper, had they been read."""
    paid = (
        rates.uncached_input
        if miss.cause is CacheMiss.BELOW_FLOOR
        else use.write_usd_per_mtok(rates)
    )
    return paid - rates.cache_read


def find_warning(use: CacheUse, *, feature: str, model: str) -> str | None:
    """What an admin should look into, of a feature and a model by their names; None below ENOUGH_REQUESTS requests."""
    of = f"{feature} on {model}"
    if use.requests < ENOUGH_REQUESTS:
        return None
    if not use.hits + use.writes:
        return f"{of} caches nothing: its prompt is shorter than the model caches."
    rate = use.hit_rate or 0.0
    if use.written_tokens >= MAX_WRITES_PER_READ * use.read_tokens:
        return f"{of} writes {_written(use)}, {_percent(rate)} hits: it pays for a cache that it does not use."
    if rate >= MIN_HIT_RATE:
        return None
    return f"{of} reads only {_percent(rate)} of its cacheable tokens from the cache; half is the least to expect."


def _written(use: CacheUse) -> str:
    if use.writes_per_read is None:
        return f"{use.written_tokens:,} tokens and reads none"
    return f"{use.writes_per_read:,.0f} tokens for each one that it reads"


def advice(miss: Missed, spacing: Spacing | None) -> str:
    """What to do about it, a sentence or two."""
    if miss.cause is CacheMiss.BELOW_FLOOR:
        return _below_floor(miss)
    if miss.cause is CacheMiss.PROMPT_CHANGED:
        return _prompt_changed(miss)
    return _ttl_lapsed(spacing) if miss.cause is CacheMiss.TTL_LAPSED else ADVICE[miss.cause]


def _below_floor(miss: Missed) -> str:
    feature, model = miss.group
    mend = (
        "put a model with a lower floor first on its route; the guide for drafts is fixed"
        if feature == Feature.DRAFT
        else "publish more examples with the labels, or take it off the first place of the route"
    )
    return f"This model caches {_least(model)}: {mend}."


def _least(model: str) -> str:
    floor = FLOOR_TOKENS.get(model)
    return f"nothing below {floor:,} tokens" if floor else "only longer prompts"


def _prompt_changed(miss: Missed) -> str:
    at = miss.last_at.astimezone(UTC)
    return (
        f"The prompt or the taxonomy had last changed by {at:%H:%M} UTC on {at:%-d %B %Y}. Every change fills the cache anew: "
        "publish changes of labels together."
    )


def _ttl_lapsed(spacing: Spacing | None) -> str:
    pays = f"the 1-hour cache pays from {CALLS_FOR_AN_HOUR} calls an hour"
    if spacing is None:
        return f"The last call was more than {SHORT_TTL_MINUTES} minutes before; {pays}."
    come = f"Calls come {spacing.minutes_apart:.1f} minutes apart on average in the hours that have any"
    if spacing.minutes_apart < SHORT_TTL_MINUTES:
        return f"{come}, so the cache lapses only when it is quiet: nothing to mend."
    judged = "here it would" if spacing.an_hour >= CALLS_FOR_AN_HOUR else "here neither does"
    return f"{come}; {pays}: {judged}."


def dollars(nanousd: int) -> str:
    """`$12.40`, `$0.0142`: with the decimals that small amounts need."""
    exact = usd(nanousd)
    decimals = 2 if exact >= 1 else min(9, max(2, 1 - exact.adjusted()))
    return f"${exact:,.{decimals}f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
