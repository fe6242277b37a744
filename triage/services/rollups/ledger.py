"""The SQL that sums calls and attempts by the hour. Each statement reads what happened from `%(since)s` to before `%(until)s`,
both the beginning of an hour, and the hour before where it asks why the prompt cache was missed.

The bounds are constants of the statement: by a join with a list of hours the planner would guess a ninth of the table.
"""

TICKET_ID = "CASE WHEN call.about_kind = 'ticket' AND call.about_id ~ '^[0-9]{1,18}$' THEN call.about_id::bigint END"

# One row an attempt, with all that its cells are summed by.
FACTS = f"""
WITH facts AS MATERIALIZED (
    SELECT date_trunc('hour', attempt.opened_at, 'UTC') AS starts_at, attempt.id, attempt.call_id, attempt.number,
           attempt.model, attempt.certainty, attempt.error, attempt.stop_reason,
           attempt.opened_at, attempt.latency_ms, attempt.first_token_ms, attempt.cost_nanousd,
           attempt.bound_nanousd,
           attempt.uncached_input_tokens, attempt.cache_write_5m_tokens, attempt.cache_write_1h_tokens,
           attempt.cache_read_tokens, attempt.output_tokens, attempt.cache_miss_reason, attempt.batch_id,
           attempt.cache_write_5m_tokens + attempt.cache_write_1h_tokens AS written,
           attempt.uncached_input_tokens + attempt.cache_write_5m_tokens + attempt.cache_write_1h_tokens
               + attempt.cache_read_tokens AS input_tokens,
           CASE WHEN attempt.cache_write_1h_tokens > 0 THEN interval '1 hour' ELSE interval '5 minutes' END AS ttl,
           attempt.price, call.feature, call.by_id, call.prompt_version, call.model_asked, coalesce(ticket.team_id, 0) AS team_id,
           attempt.number = 1 OR NOT EXISTS (
               SELECT FROM triage_attempt AS earlier
                WHERE earlier.call_id = attempt.call_id AND earlier.model = attempt.model AND earlier.number < attempt.number
           ) AS is_first
      FROM triage_attempt AS attempt
      JOIN triage_call AS call ON call.id = attempt.call_id
      LEFT JOIN triage_ticket AS ticket ON ticket.id = {TICKET_ID}
     WHERE attempt.opened_at >= %(since)s AND attempt.opened_at < %(until)s
)"""  # noqa: S608 - of constants

# Asked only where the cause is not plain yet: a `CASE` looks no further than it must.
IS_KNOWN = """EXISTS (
                   SELECT FROM triage_tally AS seen
                    WHERE seen.grain = 'hour' AND seen.subject = 'prompt' AND seen.value = misses.prompt_version
                      AND seen.starts_at < misses.starts_at)"""
HAS_HISTORY = """EXISTS (
                   SELECT FROM triage_tally AS seen
                    WHERE seen.grain = 'hour' AND seen.subject = 'prompt' AND seen.feature = misses.feature
                      AND seen.value <> misses.prompt_version AND seen.starts_at <= misses.starts_at
                      AND seen.first_at < misses.opened_at)"""
HAS_OTHERS = """EXISTS (
                   SELECT FROM triage_attempt AS other JOIN triage_call AS asking ON asking.id = other.call_id
                    WHERE other.opened_at >= misses.opened_at - misses.ttl AND other.opened_at < misses.opened_at
                      AND other.model = misses.model AND asking.feature = misses.feature
                      AND asking.prompt_version <> misses.prompt_version)"""

# All cells of the attempts, from one read of them. Batches have no latency: their answers come when the provider has time.
# `ln(1.04)` is the width of a bucket. `misses` are attempts that read nothing from the cache, beside what was there before.
ATTEMPTS = f"""{FACTS}, priced AS (
    SELECT facts.*,
           CASE WHEN certainty IN ('open', 'unknown') THEN cost_nanousd
                ELSE coalesce(round(1000 * (input_tokens * (rates.card ->> 'uncached_input')::numeric
                                            + output_tokens * (rates.card ->> 'output')::numeric))::bigint, cost_nanousd)
           END AS uncached_nanousd
      FROM facts
     CROSS JOIN LATERAL (
           SELECT CASE WHEN input_tokens > (price ->> 'above_tokens')::bigint THEN price -> 'above' ELSE price END
     ) AS rates (card)
), attempt_cells AS (
INSERT INTO triage_attemptcell (
    grain, starts_at, feature, model, by_id, team_id, attempts, calls, errors, uncached_input_tokens, cache_write_5m_tokens,
    cache_write_1h_tokens, cache_read_tokens, output_tokens, cache_hits, cache_writes, uncacheable_tokens, uncached_nanousd,
    batch_attempts, batch_nanousd, cost_nanousd)
SELECT 'hour', starts_at, feature, model, by_id, team_id, count(*), count(*) FILTER (WHERE is_first),
       count(*) FILTER (WHERE error <> ''), sum(uncached_input_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens),
       sum(cache_read_tokens), sum(output_tokens), count(*) FILTER (WHERE cache_read_tokens > 0),
       count(*) FILTER (WHERE cache_read_tokens = 0 AND written > 0),
       coalesce(sum(input_tokens) FILTER (WHERE cache_read_tokens = 0 AND written = 0), 0), sum(uncached_nanousd),
       count(batch_id), coalesce(sum(cost_nanousd) FILTER (WHERE batch_id IS NOT NULL), 0), sum(cost_nanousd)
  FROM priced
 GROUP BY starts_at, feature, model, by_id, team_id
), buckets AS (
    SELECT starts_at, feature, model, team_id, measure,
           CASE WHEN ms <= 1 THEN 0 ELSE ceil(ln(ms) / ln(1.04::float8) - 1e-9) END::smallint AS bucket, count(*) AS number
      FROM facts
     CROSS JOIN LATERAL (VALUES ('latency', latency_ms::float8), ('first_token', first_token_ms::float8)) AS times (measure, ms)
     WHERE ms IS NOT NULL AND batch_id IS NULL
     GROUP BY GROUPING SETS ((1, 2, 3, 4, 5, 6), (1, 2, 3, 5, 6))
), latency_cells AS (
INSERT INTO triage_latencycell (grain, starts_at, feature, model, team_id, measure, buckets, counts)
SELECT 'hour', starts_at, feature, model, coalesce(team_id, -1), measure, array_agg(bucket ORDER BY bucket),
       array_agg(number ORDER BY bucket)
  FROM buckets
 GROUP BY starts_at, feature, model, team_id, measure
), misses AS (
    SELECT facts.*, before.opened_at AS before_at, before.ready_at
      FROM facts
      LEFT JOIN LATERAL (
           SELECT prior.opened_at,
                  prior.opened_at + coalesce(prior.first_token_ms, prior.latency_ms, 0) * interval '1 millisecond' AS ready_at
             FROM triage_attempt AS prior JOIN triage_call AS asking ON asking.id = prior.call_id
            WHERE facts.written > 0
              AND prior.opened_at >= facts.opened_at - interval '1 hour' AND prior.opened_at < facts.opened_at
              AND prior.model = facts.model AND asking.prompt_version = facts.prompt_version
              AND prior.cache_read_tokens + prior.cache_write_5m_tokens + prior.cache_write_1h_tokens > 0
            ORDER BY prior.opened_at DESC LIMIT 1) AS before ON true
     WHERE facts.cache_read_tokens = 0 AND facts.input_tokens > 0
), explained AS (
    SELECT misses.*,
           CASE WHEN written = 0 THEN 'below_floor'
                WHEN cache_miss_reason IN ('system_changed', 'tools_changed')
                     THEN CASE WHEN {IS_KNOWN} THEN 'split_prefix' ELSE 'prompt_changed' END
                WHEN before_at >= opened_at - ttl AND ready_at > opened_at THEN 'concurrent'
                WHEN before_at >= opened_at - ttl THEN 'unexplained'
                WHEN model <> model_asked THEN 'fallback'
                WHEN before_at IS NULL AND NOT {IS_KNOWN}
                     THEN CASE WHEN {HAS_HISTORY} THEN 'prompt_changed' ELSE 'first_call' END
                WHEN {HAS_OTHERS} THEN 'split_prefix'
                ELSE 'ttl_lapsed'
           END AS cause
      FROM misses
)
INSERT INTO triage_tally (
    grain, starts_at, subject, feature, model, value, number, cost_nanousd, bound_nanousd, tokens, first_at, last_at)
SELECT 'hour', starts_at, subject, feature, model, value, count(*), sum(cost_nanousd), sum(bound_nanousd), sum(tokens), min(at),
       max(at)
  FROM (SELECT starts_at, 'error' AS subject, feature, model, error AS value, cost_nanousd, 0 AS bound_nanousd, 0 AS tokens,
               opened_at AS at
          FROM facts WHERE error <> ''
        UNION ALL
        SELECT starts_at, 'stop_reason', feature, model, stop_reason, cost_nanousd, 0, 0, opened_at
          FROM facts WHERE stop_reason <> ''
        UNION ALL
        SELECT starts_at, 'certainty', feature, model, certainty, cost_nanousd, bound_nanousd, 0, opened_at FROM facts
        UNION ALL
        SELECT starts_at, 'cache_miss', feature, model, cause, cost_nanousd, 0,
               CASE WHEN written = 0 THEN input_tokens ELSE written END, opened_at
          FROM explained) AS counted
 GROUP BY starts_at, subject, feature, model, value
"""  # noqa: S608 - of constants

CALL_FACTS = f"""
WITH facts AS MATERIALIZED (
    SELECT date_trunc('hour', call.created_at, 'UTC') AS starts_at, call.feature, call.model_asked AS model,
           call.by_id, coalesce(ticket.team_id, 0) AS team_id, call.state, call.obtained,
           call.error, call.prompt_version, call.cost_nanousd, call.saved_nanousd, call.created_at
      FROM triage_call AS call
      LEFT JOIN triage_ticket AS ticket ON ticket.id = {TICKET_ID}
     WHERE call.created_at >= %(since)s AND call.created_at < %(until)s
)"""  # noqa: S608 - of constants

CALLS = f"""{CALL_FACTS}, call_cells AS (
INSERT INTO triage_callcell (
    grain, starts_at, feature, model, by_id, team_id, calls, answered, failed, running, stored, joined, saved_nanousd)
SELECT 'hour', starts_at, feature, model, by_id, team_id, count(*), count(*) FILTER (WHERE state = 'answered'),
       count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'running'),
       count(*) FILTER (WHERE obtained = 'stored'), count(*) FILTER (WHERE obtained = 'joined'), sum(saved_nanousd)
  FROM facts
 GROUP BY starts_at, feature, model, by_id, team_id
)
INSERT INTO triage_tally (
    grain, starts_at, subject, feature, model, value, number, cost_nanousd, bound_nanousd, tokens, first_at, last_at)
SELECT 'hour', starts_at, subject, feature, model, value, count(*), sum(cost_nanousd), 0, 0, min(created_at), max(created_at)
  FROM facts
 CROSS JOIN LATERAL (VALUES ('obtained', obtained), ('call_error', error), ('prompt', prompt_version)) AS said (subject, value)
 WHERE value <> ''
 GROUP BY starts_at, subject, feature, model, value
"""  # noqa: S608 - of constants

# The tickets that the notes name, each day anew.
SOME_TICKET_DAYS = """
INSERT INTO triage_ticketday (day, ticket_id, calls, attempts, cost_nanousd)
SELECT days.day, call.about_id::bigint, count(DISTINCT call.id), count(*), sum(attempt.cost_nanousd)
  FROM (SELECT unnest(%(tickets)s::text[]) AS about_id, unnest(%(days)s::date[]) AS day) AS days
  JOIN triage_call AS call ON call.about_kind = 'ticket' AND call.about_id = days.about_id
  JOIN triage_attempt AS attempt ON attempt.call_id = call.id
   AND attempt.opened_at >= days.day::timestamp AT TIME ZONE 'UTC'
   AND attempt.opened_at < (days.day + 1)::timestamp AT TIME ZONE 'UTC'
 GROUP BY 1, 2
"""

# A whole day's dearest.
DEAREST_OF_DAY = """
INSERT INTO triage_ticketday (day, ticket_id, calls, attempts, cost_nanousd)
SELECT %(day)s, call.about_id::bigint, count(DISTINCT call.id), count(*), sum(attempt.cost_nanousd)
  FROM triage_attempt AS attempt JOIN triage_call AS call ON call.id = attempt.call_id
 WHERE attempt.opened_at >= %(starts_at)s AND attempt.opened_at < %(ends_at)s
   AND call.about_kind = 'ticket' AND call.about_id ~ '^[0-9]{1,18}$'
 GROUP BY 2
 ORDER BY sum(attempt.cost_nanousd) DESC, 2
 LIMIT %(at_most)s
"""
