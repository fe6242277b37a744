"""Triggers that note, in the transaction that changes something, which hours have to be summed anew.

A note is one appended row, without a lock that anybody could wait for. Deleting rows notes nothing: what was pruned stays summed.
"""

from django.db import migrations

HOURS = """
CREATE FUNCTION triage_note(subject varchar, at timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO triage_rollupnote (subject, starts_at) SELECT subject, date_trunc('hour', at, 'UTC') WHERE at IS NOT NULL
$$;
CREATE FUNCTION triage_note_calls(calls bigint[], times timestamptz[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO triage_rollupnote (subject, starts_at, ticket_id)
    SELECT DISTINCT 'ledger', date_trunc('hour', changed.at, 'UTC'),
           CASE WHEN call.about_kind = 'ticket' AND call.about_id ~ '^[0-9]{1,18}$' THEN call.about_id::bigint END
      FROM unnest(calls, times) AS changed (call_id, at) JOIN triage_call AS call ON call.id = changed.call_id
$$;
"""
LEDGER = """
CREATE OR REPLACE FUNCTION triage_add_to_spend() RETURNS trigger LANGUAGE plpgsql AS $$
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
    PERFORM triage_note_calls(array_agg(call_id), array_agg(opened_at)) FROM added HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION triage_call_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM triage_note_calls(array_agg(id), array_agg(created_at)) FROM added HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER call_insert_is_noted AFTER INSERT ON triage_call
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_call_noted();
CREATE TRIGGER call_change_is_noted AFTER UPDATE ON triage_call
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_call_noted();
"""
RUNS = """
CREATE FUNCTION triage_runs_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO triage_rollupnote (subject, starts_at)
    SELECT DISTINCT 'runs', date_trunc('hour', finished_at, 'UTC') FROM added WHERE state = 'done';
    RETURN NULL;
END $$;
CREATE TRIGGER run_insert_is_noted AFTER INSERT ON triage_triage
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_runs_noted();

CREATE FUNCTION triage_run_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM triage_note('runs', NEW.finished_at) WHERE NEW.state = 'done';
    PERFORM triage_note('runs', OLD.finished_at) WHERE OLD.state = 'done';
    RETURN NULL;
END $$;
CREATE TRIGGER run_change_is_noted AFTER UPDATE ON triage_triage FOR EACH ROW
    WHEN ((OLD.state = 'done' OR NEW.state = 'done') AND OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION triage_run_noted();

CREATE FUNCTION triage_decisions_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO triage_rollupnote (subject, starts_at)
    SELECT DISTINCT 'runs', date_trunc('hour', run.finished_at, 'UTC')
      FROM added JOIN triage_triage AS run ON run.id = added.triage_id AND run.state = 'done'
     WHERE added.field = 'label';
    RETURN NULL;
END $$;
CREATE TRIGGER decision_insert_is_noted AFTER INSERT ON triage_fielddecision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_decisions_noted();
CREATE TRIGGER decision_change_is_noted AFTER UPDATE ON triage_fielddecision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_decisions_noted();
"""
DRAFTS = """
CREATE FUNCTION triage_drafts_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO triage_rollupnote (subject, starts_at)
    SELECT DISTINCT 'drafts', date_trunc('hour', created_at, 'UTC') FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER draft_insert_is_noted AFTER INSERT ON triage_draft
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_drafts_noted();

CREATE FUNCTION triage_draft_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM triage_note('drafts', NEW.created_at);
    RETURN NULL;
END $$;
CREATE TRIGGER draft_change_is_noted AFTER UPDATE ON triage_draft FOR EACH ROW
    WHEN ((OLD.state, OLD.cost_nanousd, OLD.edited_share, OLD.error_code, OLD.finished_at)
          IS DISTINCT FROM (NEW.state, NEW.cost_nanousd, NEW.edited_share, NEW.error_code, NEW.finished_at))
    EXECUTE FUNCTION triage_draft_noted();
"""
TICKETS = """
CREATE FUNCTION triage_tickets_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO triage_rollupnote (subject, starts_at)
    SELECT DISTINCT 'tickets', date_trunc('hour', created_at, 'UTC') FROM added
    UNION
    SELECT DISTINCT 'tickets', date_trunc('hour', solved_at, 'UTC') FROM added WHERE solved_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER ticket_insert_is_noted AFTER INSERT ON triage_ticket
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION triage_tickets_noted();

CREATE FUNCTION triage_ticket_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM triage_note('tickets', NEW.solved_at);
    PERFORM triage_note('tickets', OLD.solved_at);
    IF OLD.team_id IS DISTINCT FROM NEW.team_id THEN
        PERFORM triage_note('tickets', NEW.created_at);
        PERFORM triage_note('runs', finished_at) FROM triage_triage WHERE ticket_id = NEW.id AND state = 'done';
        INSERT INTO triage_rollupnote (subject, starts_at)
        SELECT DISTINCT 'ledger', date_trunc('hour', moments.at, 'UTC')
          FROM triage_call AS call LEFT JOIN triage_attempt AS attempt ON attempt.call_id = call.id
         CROSS JOIN LATERAL (VALUES (call.created_at), (attempt.opened_at)) AS moments (at)
         WHERE call.about_kind = 'ticket' AND call.about_id = NEW.id::text AND moments.at IS NOT NULL;
    END IF;
    IF (OLD.team_id, OLD.filed_label) IS DISTINCT FROM (NEW.team_id, NEW.filed_label) THEN
        PERFORM triage_note('drafts', created_at) FROM triage_draft WHERE ticket_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ticket_change_is_noted AFTER UPDATE ON triage_ticket FOR EACH ROW
    WHEN ((OLD.solved_at, OLD.team_id, OLD.filed_label) IS DISTINCT FROM (NEW.solved_at, NEW.team_id, NEW.filed_label))
    EXECUTE FUNCTION triage_ticket_noted();
"""
UNDO = """
DROP TRIGGER ticket_change_is_noted ON triage_ticket;
DROP TRIGGER ticket_insert_is_noted ON triage_ticket;
DROP FUNCTION triage_ticket_noted();
DROP FUNCTION triage_tickets_noted();
DROP TRIGGER draft_change_is_noted ON triage_draft;
DROP TRIGGER draft_insert_is_noted ON triage_draft;
DROP FUNCTION triage_draft_noted();
DROP FUNCTION triage_drafts_noted();
DROP TRIGGER decision_change_is_noted ON triage_fielddecision;
DROP TRIGGER decision_insert_is_noted ON triage_fielddecision;
DROP FUNCTION triage_decisions_noted();
DROP TRIGGER run_change_is_noted ON triage_triage;
DROP TRIGGER run_insert_is_noted ON triage_triage;
DROP FUNCTION triage_run_noted();
DROP FUNCTION triage_runs_noted();
DROP TRIGGER call_change_is_noted ON triage_call;
DROP TRIGGER call_insert_is_noted ON triage_call;
DROP FUNCTION triage_call_noted();
CREATE OR REPLACE FUNCTION triage_add_to_spend() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP FUNCTION triage_note_calls(bigint[], timestamptz[]);
DROP FUNCTION triage_note(varchar, timestamptz);
"""
# What was there before the triggers were.
FILL = """
INSERT INTO triage_rollupnote (subject, starts_at, ticket_id)
SELECT DISTINCT 'ledger', date_trunc('hour', attempt.opened_at, 'UTC'),
       CASE WHEN call.about_kind = 'ticket' AND call.about_id ~ '^[0-9]{1,18}$' THEN call.about_id::bigint END
  FROM triage_attempt AS attempt JOIN triage_call AS call ON call.id = attempt.call_id
UNION SELECT DISTINCT 'ledger', date_trunc('hour', created_at, 'UTC'), NULL::bigint FROM triage_call
UNION SELECT DISTINCT 'runs', date_trunc('hour', finished_at, 'UTC'), NULL::bigint FROM triage_triage WHERE state = 'done'
UNION SELECT DISTINCT 'drafts', date_trunc('hour', created_at, 'UTC'), NULL::bigint FROM triage_draft
UNION SELECT DISTINCT 'tickets', date_trunc('hour', created_at, 'UTC'), NULL::bigint FROM triage_ticket
UNION SELECT DISTINCT 'tickets', date_trunc('hour', solved_at, 'UTC'), NULL::bigint FROM triage_ticket WHERE solved_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("triage", "0011_rollups")]
    operations = [
        migrations.RunSQL(HOURS + LEDGER + RUNS + DRAFTS + TICKETS + FILL, UNDO),
    ]
