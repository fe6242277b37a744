"""Rows as COPY reads them, gathered table by table until they are written. One place knows the columns and their order."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from triage.services.history.scene import DAY_SECONDS, Scene

# In the order in which they are written: what others point at comes first.
COLUMNS = {
    "triage_requester": "id, name, email, external_id, created_at",
    "triage_ticket": "id, triage_id, subject, description, original_characters, requester_id, status, priority, language,"
    " sentiment, label_id, suggested_label_id, team_id, assignee_id, tags, channel, source, external_id, custom_fields,"
    " instruction_text, known_label, split, needs_review, is_skipped, set_by_person, version, created_at, updated_at, solved_at",
    "triage_triage": "id, ticket_id, state, skip_reason, due_at, claims, is_rerun, stage, escalated, escalation_reason, reason,"
    " model_asked, model_served, obtained, taxonomy_version_id, prompt_version, thresholds, first_answer, cost_nanousd,"
    " latency_ms, created_at, finished_at",
    "triage_fielddecision": "triage_id, field, value, confidence, threshold, decision, alternatives, corrected_to,"
    " corrected_by_id, corrected_at, correction_reason",
    "triage_call": "id, feature, by_id, about_kind, about_id, fingerprint, prompt_version, model_asked, model_served, state,"
    " obtained, tries, cost_nanousd, saved_nanousd, error, latency_ms, created_at, finished_at",
    "triage_batch": "id, feature, model, state, lines, provider_id, system, ruled_out, error, created_at, submitting_at,"
    " expires_at, ended_at, collected_at",
    "triage_attempt": "id, call_id, batch_id, number, opened_at, settled_at, lease_until, request_id, model, certainty,"
    " bound_nanousd, cost_nanousd, price, uncached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens,"
    " cache_read_tokens, output_tokens, http_status, error, error_text, stop_reason, rate_limits, cache_miss_reason,"
    " latency_ms, first_token_ms",
    "triage_draft": "ticket_id, by_id, state, is_fresh, steer, tone, sources, text, error_code, error_message, thread_mark,"
    " model_asked, model_served, obtained, prompt_version, input_tokens, output_tokens, cost_nanousd, claims, created_at,"
    " finished_at, decided_by_id, decided_at, edited_share",
}
DAYS_AFTER = 90  # what comes of the last day's tickets may lie that far ahead


@cache
def _clock() -> Sequence[str]:
    """Every second of a day as it is written."""
    seconds = range(DAY_SECONDS)
    return [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in seconds]


class Pages:
    """Lines by table. Whoever writes them empties it."""

    def __init__(self, scene: Scene) -> None:
        days = scene.days + DAYS_AFTER
        self._dates = [(scene.first_day + timedelta(days=day)).isoformat() for day in range(days)]
        self._clock = _clock()
        self.lines: dict[str, list[str]] = {table: [] for table in COLUMNS}

    def when(self, seconds: float) -> str:
        """A moment of the scene in UTC, to the microsecond."""
        whole = int(seconds)
        micros = int((seconds - whole) * 1_000_000)
        return f"{self._dates[whole // DAY_SECONDS]} {self._clock[whole % DAY_SECONDS]}.{micros:06}"

    def clear(self) -> None:
        for lines in self.lines.values():
            lines.clear()
