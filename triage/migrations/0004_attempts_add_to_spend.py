"""The trigger that keeps `Spend` the sum of the attempts."""

from django.db import migrations

# One statement's attempts change each window once, and windows are always taken in the same order: two statements cannot
# wait for each other. Transactions therefore touch attempts last.
KEEP = """
CREATE FUNCTION triage_add_to_spend() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM triage_spend_changes(array_agg(row(call_id, opened_at, certainty, cost_nanousd, 1)::triage_spend_change))
           FROM added HAVING count(*) > 0;
    ELSE
        PERFORM triage_spend_changes(array_agg(row(call_id, opened_at, certainty, cost_nanousd, sign)::triage_spend_change))
           FROM (SELECT call_id, opened_at, certainty, cost_nanousd, 1 AS sign FROM added
                 UNION ALL
                 SELECT call_id, opened_at, certainty, cost_nanousd, -1 FROM was) AS both_sides
         HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;
"""
TYPES = """
CREATE TYPE triage_spend_change AS (
    call_id bigint, opened_at timestamptz, certainty varchar, cost_nanousd bigint, sign integer
);
CREATE FUNCTION triage_spend_changes(changes triage_spend_change[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO triage_spend AS kept (scope, key, period, starts_on, held_nanousd, spent_nanousd)
    SELECT scopes.scope, scopes.key, periods.period, periods.starts_on,
           coalesce(sum(sign * change.cost_nanousd) FILTER (WHERE certainty = 'open'), 0),
           coalesce(sum(sign * change.cost_nanousd) FILTER (WHERE certainty <> 'open'), 0)
      FROM unnest(changes) AS change
      JOIN triage_call AS call ON call.id = change.call_id
     CROSS JOIN LATERAL (VALUES ('installation', ''), ('feature', call.feature), ('user', call.by_id::text))
           AS scopes (scope, key)
     CROSS JOIN LATERAL (VALUES ('day', date_trunc('day', opened_at AT TIME ZONE 'UTC')::date),
                                ('month', date_trunc('month', opened_at AT TIME ZONE 'UTC')::date))
           AS periods (period, starts_on)
     GROUP BY 1, 2, 3, 4
    HAVING coalesce(sum(sign * change.cost_nanousd) FILTER (WHERE certainty = 'open'), 0) <> 0
        OR coalesce(sum(sign * change.cost_nanousd) FILTER (WHERE certainty <> 'open'), 0) <> 0
     ORDER BY 1, 2, 3, 4
    ON CONFLICT (scope, key, period, starts_on) DO UPDATE
       SET held_nanousd = kept.held_nanousd + EXCLUDED.held_nanousd,
           spent_nanousd = kept.spent_nanousd + EXCLUDED.spent_nanousd
$$;
"""
TRIGGERS = """
CREATE TRIGGER attempt_adds_to_spend AFTER INSERT ON triage_attempt
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_add_to_spend();
CREATE TRIGGER attempt_changes_spend AFTER UPDATE ON triage_attempt
    REFERENCING OLD TABLE AS was NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_add_to_spend();
"""
# What was spent before the trigger was there.
FILL = """
SELECT triage_spend_changes(array_agg(row(call_id, opened_at, certainty, cost_nanousd, 1)::triage_spend_change))
  FROM triage_attempt HAVING count(*) > 0;
"""
UNDO = """
DROP TRIGGER attempt_changes_spend ON triage_attempt;
DROP TRIGGER attempt_adds_to_spend ON triage_attempt;
DROP FUNCTION triage_add_to_spend();
DROP FUNCTION triage_spend_changes(triage_spend_change[]);
DROP TYPE triage_spend_change;
"""


class Migration(migrations.Migration):
    dependencies = [("triage", "0003_budgets_batches_routes_alerts")]
    operations = [migrations.RunSQL(TYPES + KEEP + FILL + TRIGGERS, UNDO)]
