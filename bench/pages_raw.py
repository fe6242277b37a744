"""The main figures once more, from the rows: what the cells save, and what they must be equal to."""

CALLS = "JOIN triage_call AS call ON call.id = attempt.call_id"
TICKETS = """LEFT JOIN triage_ticket AS ticket
    ON ticket.id = CASE WHEN call.about_kind = 'ticket' AND call.about_id ~ '^[0-9]{1,18}$' THEN call.about_id::bigint END"""
OPENED = "attempt.opened_at >= %(since)s AND attempt.opened_at < %(until)s"
MADE = "call.created_at >= %(since)s AND call.created_at < %(until)s"
LIVE = "FILTER (WHERE attempt.batch_id IS NULL)"
TOKENS = """sum(uncached_input_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(cache_read_tokens),
       sum(output_tokens)"""
# A call counts with each model that it asked.
SUMS = """count(*) FILTER (WHERE attempt.number = 1 OR NOT EXISTS (
           SELECT FROM triage_attempt AS earlier
            WHERE earlier.call_id = attempt.call_id AND earlier.model = attempt.model AND earlier.number < attempt.number)),
       count(*), count(*) FILTER (WHERE attempt.error <> ''), sum(attempt.cost_nanousd)"""

BY_MODEL = f"""
SELECT call.feature, attempt.model, count(DISTINCT call_id), count(*), count(*) FILTER (WHERE attempt.error <> ''), {TOKENS},
       sum(attempt.cost_nanousd),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY attempt.latency_ms) {LIVE},
       percentile_disc(0.95) WITHIN GROUP (ORDER BY attempt.latency_ms) {LIVE},
       percentile_disc(0.99) WITHIN GROUP (ORDER BY attempt.latency_ms) {LIVE}
  FROM triage_attempt AS attempt {CALLS}
 WHERE {OPENED}
 GROUP BY 1, 2
"""  # noqa: S608 - of constants
BY_DAY = f"""
SELECT (attempt.opened_at AT TIME ZONE 'UTC')::date, sum(attempt.cost_nanousd)
  FROM triage_attempt AS attempt
 WHERE {OPENED}
 GROUP BY 1
"""  # noqa: S608 - of constants
BY_USER = f"""
SELECT call.by_id, {SUMS}
  FROM triage_attempt AS attempt {CALLS}
 WHERE {OPENED}
 GROUP BY 1
"""  # noqa: S608 - of constants
BY_TEAM = f"""
SELECT coalesce(ticket.team_id, 0), {SUMS}
  FROM triage_attempt AS attempt {CALLS} {TICKETS}
 WHERE {OPENED}
 GROUP BY 1
"""  # noqa: S608 - of constants
BY_TICKET = f"""
SELECT '#' || call.about_id, count(DISTINCT call_id), count(*), sum(attempt.cost_nanousd)
  FROM triage_attempt AS attempt {CALLS}
 WHERE {OPENED} AND call.about_kind = 'ticket'
 GROUP BY call.about_id
 ORDER BY 4 DESC, call.about_id::bigint
 LIMIT 20
"""  # noqa: S608 - of constants
CACHE = f"""
SELECT call.feature, attempt.model, count(*) FILTER (WHERE cache_read_tokens > 0),
       count(*) FILTER (WHERE cache_read_tokens = 0 AND cache_write_5m_tokens + cache_write_1h_tokens > 0),
       sum(cache_read_tokens), sum(cache_write_5m_tokens)
  FROM triage_attempt AS attempt {CALLS}
 WHERE {OPENED}
 GROUP BY 1, 2
HAVING sum(uncached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_tokens) > 0
"""  # noqa: S608 - of constants
MISSES = f"""
SELECT attempt.model, count(*)
  FROM triage_attempt AS attempt
 WHERE {OPENED} AND cache_read_tokens = 0
   AND uncached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens > 0
 GROUP BY 1
"""  # noqa: S608 - of constants
WAYS = ",\n       ".join(
    f"(count(*) FILTER (WHERE call.obtained = '{way}'))::float8 / count(*)"
    for way in ("first", "retry", "fallback", "stored", "joined", "batch")
)
OBTAINED = f"""
SELECT call.feature, count(*), {WAYS}
  FROM triage_call AS call
 WHERE {MADE}
 GROUP BY 1
"""  # noqa: S608 - of constants
ERRORS = f"""
SELECT attempt.model, count(*)
  FROM triage_attempt AS attempt
 WHERE {OPENED} AND (attempt.error <> '' OR attempt.stop_reason IN ('max_tokens', 'refusal', 'model_context_window_exceeded'))
 GROUP BY 1
"""  # noqa: S608 - of constants
LABELS = """
SELECT label.value, count(*), count(*) FILTER (WHERE label.decision = 'applied'),
       count(*) FILTER (WHERE label.decision = 'suggested'), count(*) FILTER (WHERE label.decision = 'withheld'),
       count(*) FILTER (WHERE label.corrected_to <> ''), count(*) FILTER (WHERE label.corrected_to = label.value)
  FROM triage_triage AS run JOIN triage_fielddecision AS label ON label.triage_id = run.id AND label.field = 'label'
 WHERE run.state = 'done' AND run.finished_at >= %(since)s AND run.finished_at < %(until)s
 GROUP BY 1
"""
ESCALATION = """
SELECT label.value, count(*), count(*) FILTER (WHERE run.first_answer -> 'label' ->> 'value' <> label.value),
       sum(run.cost_nanousd)
  FROM triage_triage AS run JOIN triage_fielddecision AS label ON label.triage_id = run.id AND label.field = 'label'
 WHERE run.state = 'done' AND run.escalated AND run.finished_at >= %(since)s AND run.finished_at < %(until)s
 GROUP BY 1
"""
CONFUSIONS = """
SELECT label.value, label.corrected_to, count(*)
  FROM triage_triage AS run JOIN triage_fielddecision AS label ON label.triage_id = run.id AND label.field = 'label'
 WHERE run.state = 'done' AND run.finished_at >= %(since)s AND run.finished_at < %(until)s
   AND label.corrected_to <> '' AND label.corrected_to <> label.value
 GROUP BY 1, 2
 ORDER BY 3 DESC
 LIMIT 20
"""
DRAFTS = """
SELECT ticket.filed_label, count(*), count(*) FILTER (WHERE state = 'sent' AND coalesce(edited_share, 0) = 0),
       count(*) FILTER (WHERE state = 'sent' AND edited_share > 0), count(*) FILTER (WHERE state = 'discarded'),
       count(*) FILTER (WHERE state IN ('ready', 'accepted')), sum(draft.cost_nanousd)
  FROM triage_draft AS draft JOIN triage_ticket AS ticket ON ticket.id = draft.ticket_id
 WHERE draft.created_at >= %(since)s AND draft.created_at < %(until)s
 GROUP BY 1
"""
