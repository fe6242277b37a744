"""The SQL that sums by the hour what came of the calls: runs and what people made of them, drafts, tickets.

Each statement reads what happened from `%(since)s` to before `%(until)s`, both the beginning of an hour.
"""

from triage.selectors.track_record import BANDS

LOWS = ", ".join(str(low) for low, _ in BANDS)

RUN_FACTS = f"""
WITH facts AS MATERIALIZED (
    SELECT date_trunc('hour', run.finished_at, 'UTC') AS starts_at, run.id, run.stage, run.is_rerun,
           run.escalated, run.cost_nanousd, run.finished_at,
           coalesce(run.variant_id, 0) AS variant_id, coalesce(ticket.team_id, 0) AS team_id, run.thresholds,
           run.taxonomy_version_id, coalesce(label.value, '') AS label, coalesce(label.decision, 'withheld') AS decision,
           label.confidence, coalesce(label.corrected_to, '') AS corrected_to,
           run.first_answer #>> '{{label,value}}' AS first_label,
           coalesce(width_bucket(greatest(label.confidence, 0), ARRAY[{LOWS}]::float8[]) - 1, -1) AS band
      FROM triage_triage AS run
      JOIN triage_ticket AS ticket ON ticket.id = run.ticket_id
      LEFT JOIN triage_fielddecision AS label ON label.triage_id = run.id AND label.field = 'label'
     WHERE run.state = 'done' AND run.finished_at >= %(since)s AND run.finished_at < %(until)s
)"""  # noqa: S608 - of constants

RUNS = f"""{RUN_FACTS}, run_cells AS (
INSERT INTO triage_triagecell (
    grain, starts_at, stage, label, decision, band, variant_id, team_id, runs, first_runs, escalated, judged, "right", changed,
    changed_judged, changed_right, first_right, confidence_micro, cost_nanousd, cost_square_e12)
SELECT 'hour', starts_at, stage, label, decision, band, variant_id, team_id, count(*), count(*) FILTER (WHERE NOT is_rerun),
       count(*) FILTER (WHERE escalated), count(*) FILTER (WHERE corrected_to <> ''),
       count(*) FILTER (WHERE corrected_to = label AND corrected_to <> ''),
       count(*) FILTER (WHERE first_label <> label), count(*) FILTER (WHERE first_label <> label AND corrected_to <> ''),
       count(*) FILTER (WHERE first_label <> label AND corrected_to = label AND corrected_to <> ''),
       count(*) FILTER (WHERE corrected_to = first_label AND corrected_to <> ''),
       coalesce(sum(round(confidence * 1000000)), 0)::bigint, sum(cost_nanousd),
       round(sum((cost_nanousd::numeric / 1000) ^ 2))
  FROM facts
 GROUP BY starts_at, stage, label, decision, band, variant_id, team_id
), confusion_cells AS (
INSERT INTO triage_confusioncell (grain, starts_at, label, corrected_to, runs)
SELECT 'hour', starts_at, label, corrected_to, count(*)
  FROM facts
 WHERE corrected_to <> '' AND corrected_to <> label
 GROUP BY starts_at, label, corrected_to
)
INSERT INTO triage_tally (
    grain, starts_at, subject, feature, model, value, number, cost_nanousd, bound_nanousd, tokens, first_at, last_at)
SELECT 'hour', starts_at, subject, '', '', value, count(*), sum(cost_nanousd), 0, 0, min(finished_at), max(finished_at)
  FROM facts
  LEFT JOIN triage_taxonomyversion AS taxonomy ON taxonomy.id = facts.taxonomy_version_id
 CROSS JOIN LATERAL (VALUES
       ('thresholds', 'apply ' || (thresholds ->> 'apply') || ', suggest ' || (thresholds ->> 'suggest')),
       ('taxonomy', taxonomy.number::text)) AS said (subject, value)
 WHERE value <> ''
 GROUP BY starts_at, subject, value
"""  # noqa: S608 - of constants

DRAFT_FACTS = """
WITH facts AS MATERIALIZED (
    SELECT date_trunc('hour', draft.created_at, 'UTC') AS starts_at, draft.by_id, draft.state, draft.error_code,
           draft.cost_nanousd, draft.edited_share, draft.created_at,
           draft.model_asked, coalesce(ticket.team_id, 0) AS team_id, coalesce(label.slug, '') AS label,
           draft.state IN ('queued', 'running') AS is_underway, draft.state = 'sent' AS is_sent
      FROM triage_draft AS draft
      JOIN triage_ticket AS ticket ON ticket.id = draft.ticket_id
      LEFT JOIN triage_label AS label ON label.id = ticket.filed_label
     WHERE draft.created_at >= %(since)s AND draft.created_at < %(until)s
)"""

DRAFTS = f"""{DRAFT_FACTS}, draft_cells AS (
INSERT INTO triage_draftcell (
    grain, starts_at, label, team_id, by_id, drafts, underway, waiting, sent_unchanged, sent_edited, edited_milli, discarded,
    broken, failed, cancelled, cost_nanousd, sent_nanousd)
SELECT 'hour', starts_at, label, team_id, by_id, count(*), count(*) FILTER (WHERE is_underway),
       count(*) FILTER (WHERE state IN ('ready', 'accepted')),
       count(*) FILTER (WHERE is_sent AND coalesce(edited_share, 0) = 0),
       count(*) FILTER (WHERE is_sent AND edited_share > 0),
       coalesce(sum(round(edited_share * 1000)) FILTER (WHERE is_sent), 0)::bigint,
       count(*) FILTER (WHERE state = 'discarded'), count(*) FILTER (WHERE state = 'broken'),
       count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'cancelled'),
       sum(cost_nanousd), coalesce(sum(cost_nanousd) FILTER (WHERE is_sent), 0)
  FROM facts
 GROUP BY starts_at, label, team_id, by_id
)
INSERT INTO triage_tally (
    grain, starts_at, subject, feature, model, value, number, cost_nanousd, bound_nanousd, tokens, first_at, last_at)
SELECT 'hour', starts_at, 'stream', 'draft', model_asked,
       CASE WHEN is_underway THEN 'underway' WHEN error_code <> '' THEN error_code
            WHEN state IN ('cancelled', 'broken', 'failed') THEN state ELSE 'complete' END,
       count(*), sum(cost_nanousd), 0, 0, min(created_at), max(created_at)
  FROM facts
 GROUP BY 2, 5, 6
"""  # noqa: S608 - of constants

TICKETS = """
INSERT INTO triage_ticketcell (grain, starts_at, team_id, created, solved)
SELECT 'hour', starts_at, team_id, sum(created), sum(solved)
  FROM (SELECT date_trunc('hour', created_at, 'UTC') AS starts_at, coalesce(team_id, 0) AS team_id, 1 AS created, 0 AS solved
          FROM triage_ticket WHERE created_at >= %(since)s AND created_at < %(until)s
        UNION ALL
        SELECT date_trunc('hour', solved_at, 'UTC'), coalesce(team_id, 0), 0, 1
          FROM triage_ticket WHERE solved_at >= %(since)s AND solved_at < %(until)s) AS came
 GROUP BY starts_at, team_id
"""
