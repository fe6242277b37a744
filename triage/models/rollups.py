"""What the ledger and the triage records add up to, hour by hour and day by day (UTC), so that no page reads them whole.

Every cell can be computed again from the rows it sums. `services.rollups` writes them and nothing else does; triggers note
which hours have changed, in the transaction that changes them. A day's cell is the sum of its hours'. Money is in nano-dollars.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

NO_TEAM = 0  # of a ticket that no team has, or of a call about no ticket
ALL_TEAMS = -1  # in latencies alone, which cannot be added up over teams
NO_VARIANT = 0
NO_BAND = -1
UNSURE = ("unknown", "lower_bound")


class Grain(models.TextChoices):
    HOUR = "hour", "Hour"
    DAY = "day", "Day"


class Measure(models.TextChoices):
    LATENCY = "latency", "From sending to the end of the answer"
    FIRST_TOKEN = "first_token", "From sending to the first token"


class Subject(models.TextChoices):
    """What a `Tally` counts, and by what: `value` is one of …"""

    ERROR = "error", "attempts that failed, by the error's code"
    STOP_REASON = "stop_reason", "attempts that were answered, by the stop reason"
    CERTAINTY = "certainty", "attempts, by how sure their cost is"
    CACHE_MISS = "cache_miss", "attempts that read nothing from the prompt cache, by the cause"
    OBTAINED = "obtained", "answered calls, by how the reply was come by; model is the one asked"
    CALL_ERROR = (
        "call_error",
        "calls without an answer, by the error's code; model is the one asked",
    )
    PROMPT = "prompt", "calls, by prompt version; model is the one asked"
    THRESHOLDS = "thresholds", "runs, by the thresholds in force"
    TAXONOMY = "taxonomy", "runs, by the number of the taxonomy version"
    STREAM = "stream", "drafts, by how their stream ended"


class CacheMiss(models.TextChoices):
    """Why an attempt read nothing from the prompt cache."""

    BELOW_FLOOR = "below_floor", "The shared part of the prompt is shorter than this model caches"
    FIRST_CALL = "first_call", "Nothing had been asked with a prompt of this kind before"
    PROMPT_CHANGED = "prompt_changed", "The prompt or the taxonomy had changed"
    FALLBACK = "fallback", "The first call to a fallback model; each model has a cache of its own"
    TTL_LAPSED = "ttl_lapsed", "The last call with this prompt was too long ago"
    SPLIT_PREFIX = "split_prefix", "Several versions of the prompt take turns"
    CONCURRENT = "concurrent", "Another first call had not been answered yet"
    UNEXPLAINED = "unexplained", "The entry should have been there"


class Cell(models.Model):
    """One hour or day of something. `starts_at` is its beginning."""

    grain = models.CharField(max_length=4, choices=Grain.choices)
    starts_at = models.DateTimeField()

    class Meta:
        abstract = True


class AttemptCell(Cell):
    """The attempts that were opened in it, of one feature, model, user, and team of the ticket they are about.

    `calls` is how many of them were their call's first on that model. `errors` are attempts that failed. Cost counts open and
    unknown attempts with their upper bound. `cache_hits` read from the prompt cache, `cache_writes` wrote and did not read;
    those that did neither had `uncacheable_tokens` of input.
    """

    pk = models.CompositePrimaryKey("grain", "starts_at", "feature", "model", "by_id", "team_id")
    feature = models.CharField(max_length=10)
    model = models.CharField(max_length=80)
    by_id = models.BigIntegerField()
    team_id = models.BigIntegerField()
    attempts = models.BigIntegerField()
    calls = models.BigIntegerField()
    errors = models.BigIntegerField()
    uncached_input_tokens = models.BigIntegerField()
    cache_write_5m_tokens = models.BigIntegerField()
    cache_write_1h_tokens = models.BigIntegerField()
    cache_read_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cache_hits = models.BigIntegerField()
    cache_writes = models.BigIntegerField()
    uncacheable_tokens = models.BigIntegerField()
    uncached_nanousd = models.BigIntegerField(
        help_text="What the same tokens would have cost without the prompt cache, at the prices stamped on the attempts."
    )
    batch_attempts = models.BigIntegerField()
    batch_nanousd = models.BigIntegerField(help_text="The part of the cost that batches made.")
    cost_nanousd = models.BigIntegerField()


class LatencyCell(Cell):
    """How long its attempts took, as a histogram: `counts[i]` of them fell into the bucket `buckets[i]`.

    Bucket 0 is up to 1 ms; bucket k is above 1.04^(k-1) and up to 1.04^k ms. What is read from it is at most 2 % off.
    """

    pk = models.CompositePrimaryKey("grain", "starts_at", "feature", "model", "team_id", "measure")
    feature = models.CharField(max_length=10)
    model = models.CharField(max_length=80)
    team_id = models.BigIntegerField()
    measure = models.CharField(max_length=12, choices=Measure.choices)
    buckets = ArrayField(models.SmallIntegerField())
    counts = ArrayField(models.BigIntegerField())


class CallCell(Cell):
    """The calls that were made in it; `model` is the one asked. `saved_nanousd` is what reused replies had cost.

    `running` have not ended.
    """

    pk = models.CompositePrimaryKey("grain", "starts_at", "feature", "model", "by_id", "team_id")
    feature = models.CharField(max_length=10)
    model = models.CharField(max_length=80)
    by_id = models.BigIntegerField()
    team_id = models.BigIntegerField()
    calls = models.BigIntegerField()
    answered = models.BigIntegerField()
    failed = models.BigIntegerField()
    running = models.BigIntegerField()
    stored = models.BigIntegerField()
    joined = models.BigIntegerField()
    saved_nanousd = models.BigIntegerField()


class Tally(Cell):
    """How many of one `subject` there were, by `value`. Columns that a subject has no use for are "" or 0."""

    pk = models.CompositePrimaryKey("grain", "starts_at", "subject", "feature", "model", "value")
    subject = models.CharField(max_length=12, choices=Subject.choices)
    feature = models.CharField(max_length=10)
    model = models.CharField(max_length=80)
    value = models.CharField(max_length=200)
    number = models.BigIntegerField()
    cost_nanousd = models.BigIntegerField()
    bound_nanousd = models.BigIntegerField(
        default=0, help_text="Of a certainty: the bounds that were held."
    )
    tokens = models.BigIntegerField(
        help_text="Of a cache miss: written, or below the floor all input."
    )
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["value", "starts_at"],
                name="tally_prompt",
                condition=Q(grain="hour", subject="prompt"),
            ),
            models.Index(
                fields=["subject", "starts_at"], name="tally_day", condition=Q(grain="day")
            ),
            models.Index(
                fields=["starts_at"],
                name="tally_unsure",
                condition=Q(grain="day", subject="certainty", value__in=UNSURE),
            ),
        ]


class TriageCell(Cell):
    """The runs that ended in it as done, by what was decided on the label. `label` is "" where none was named.

    `band` is the number of the confidence's band (`selectors.track_record.BANDS`). `judged` were confirmed or corrected by a
    person, `right` confirmed. Of runs that the strong model decided, `changed` got another label than the first model had
    named; `first_right` are judged ones in which the first model had been right.
    """

    pk = models.CompositePrimaryKey(
        "grain", "starts_at", "stage", "label", "decision", "band", "variant_id", "team_id"
    )
    stage = models.CharField(max_length=10)
    label = models.CharField(max_length=120)
    decision = models.CharField(max_length=10)
    band = models.SmallIntegerField()
    variant_id = models.BigIntegerField()
    team_id = models.BigIntegerField()
    runs = models.BigIntegerField()
    first_runs = models.BigIntegerField(help_text="Those that no person asked for again.")
    escalated = models.BigIntegerField()
    judged = models.BigIntegerField()
    right = models.BigIntegerField()
    changed = models.BigIntegerField()
    changed_judged = models.BigIntegerField()
    changed_right = models.BigIntegerField()
    first_right = models.BigIntegerField()
    confidence_micro = models.BigIntegerField(
        help_text="The sum of the confidences, in millionths."
    )
    cost_nanousd = models.BigIntegerField()
    cost_square_e12 = models.DecimalField(
        max_digits=38,
        decimal_places=0,
        help_text="The sum of the squares of the costs in millionths of a dollar: for intervals.",
    )


class ConfusionCell(Cell):
    """Runs that a person found wrong: what was decided, and what it should have been."""

    pk = models.CompositePrimaryKey("grain", "starts_at", "label", "corrected_to")
    label = models.CharField(max_length=120)
    corrected_to = models.CharField(max_length=120)
    runs = models.BigIntegerField()


class DraftCell(Cell):
    """The drafts that were asked for in it, by the ticket's label and team and by whom, and what became of them.

    `sent_unchanged` and `sent_edited` are apart; `edited_milli` is the sum of the shares that were changed, in thousandths.
    """

    pk = models.CompositePrimaryKey("grain", "starts_at", "label", "team_id", "by_id")
    label = models.CharField(max_length=120)
    team_id = models.BigIntegerField()
    by_id = models.BigIntegerField()
    drafts = models.BigIntegerField()
    underway = models.BigIntegerField()
    waiting = models.BigIntegerField(help_text="Written, and neither sent nor discarded.")
    sent_unchanged = models.BigIntegerField()
    sent_edited = models.BigIntegerField()
    edited_milli = models.BigIntegerField()
    discarded = models.BigIntegerField()
    broken = models.BigIntegerField()
    failed = models.BigIntegerField()
    cancelled = models.BigIntegerField()
    cost_nanousd = models.BigIntegerField()
    sent_nanousd = models.BigIntegerField(help_text="The part of the cost of those that were sent.")


class TicketCell(Cell):
    """The tickets that came in it, and those that were solved in it and still are, by team."""

    pk = models.CompositePrimaryKey("grain", "starts_at", "team_id")
    team_id = models.BigIntegerField()
    created = models.BigIntegerField()
    solved = models.BigIntegerField()


class TicketDay(models.Model):
    """What one ticket cost on one UTC day. Of days that are over the dearest TICKETS_A_DAY are kept."""

    TICKETS_A_DAY = 200

    pk = models.CompositePrimaryKey("day", "ticket_id")
    day = models.DateField()
    ticket_id = models.BigIntegerField()
    calls = models.BigIntegerField()
    attempts = models.BigIntegerField()
    cost_nanousd = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(F("day"), F("cost_nanousd").desc(), name="ticket_day_dearest")]

    def __str__(self) -> str:
        return f"ticket {self.ticket_id} on {self.day}"


class Noted(models.TextChoices):
    """Which cells a note is about."""

    LEDGER = "ledger", "Calls and attempts"
    RUNS = "runs", "Triage runs and what people made of them"
    DRAFTS = "drafts", "Drafts"
    TICKETS = "tickets", "Tickets"


class RollupNote(models.Model):
    """An hour whose cells are to be summed anew. Written by triggers, taken by `services.rollups`."""

    subject = models.CharField(max_length=7, choices=Noted.choices)
    starts_at = models.DateTimeField()
    ticket_id = models.BigIntegerField(
        null=True, blank=True, help_text="Of the ledger: the ticket whose cost has changed."
    )

    class Meta:
        indexes = [models.Index(fields=["starts_at", "subject"], name="rollup_note_hour")]

    def __str__(self) -> str:
        return f"{self.subject} of {self.starts_at:%Y-%m-%d %H:%M}"


class RollupState(models.Model):
    """One row: how far the cells are. Hours before `ledger_from` are history whose calls and attempts are pruned."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    refreshed_at = models.DateTimeField(db_default=Now())
    ledger_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="rollup_state_is_one_row")]

    def __str__(self) -> str:
        return f"rolled up {self.refreshed_at:%Y-%m-%d %H:%M:%S}"
