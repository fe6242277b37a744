"""Trigger: a ticket's tags as rows, changed with it; and what stands in the tables already, told to the new columns."""

from django.db import migrations

TAG_ROWS = """
CREATE FUNCTION triage_keep_tag_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM triage_tickettag WHERE ticket_id = NEW.id AND tag <> ALL (NEW.tags);
    END IF;
    INSERT INTO triage_tickettag (ticket_id, tag, updated_at)
    SELECT DISTINCT NEW.id, tag, NEW.updated_at FROM unnest(NEW.tags) AS tag
        ON CONFLICT (ticket_id, tag) DO UPDATE SET updated_at = EXCLUDED.updated_at;
    RETURN NULL;
END $$;

CREATE TRIGGER ticket_tags_inserted
    AFTER INSERT ON triage_ticket
    FOR EACH ROW WHEN (NEW.tags <> '{}')
    EXECUTE FUNCTION triage_keep_tag_rows();

CREATE TRIGGER ticket_tags_updated
    AFTER UPDATE OF tags, updated_at ON triage_ticket
    FOR EACH ROW WHEN (OLD.tags <> '{}' OR NEW.tags <> '{}')
    EXECUTE FUNCTION triage_keep_tag_rows();
"""
NO_TAG_ROWS = """
DROP TRIGGER ticket_tags_updated ON triage_ticket;
DROP TRIGGER ticket_tags_inserted ON triage_ticket;
DROP FUNCTION triage_keep_tag_rows();
"""
FILL = """
INSERT INTO triage_tickettag (ticket_id, tag, updated_at)
SELECT DISTINCT ticket.id, tag, ticket.updated_at FROM triage_ticket AS ticket CROSS JOIN unnest(ticket.tags) AS tag;

UPDATE triage_ticket AS ticket SET is_skipped = true
  FROM triage_triage AS run WHERE run.id = ticket.triage_id AND run.state = 'skipped';

UPDATE triage_ticket AS ticket SET suggested_label_id = label.id
  FROM triage_fielddecision AS decision
  JOIN triage_label AS label ON label.slug = decision.value
 WHERE decision.triage_id = ticket.triage_id AND decision.field = 'label' AND ticket.needs_review;
"""


class Migration(migrations.Migration):
    dependencies = [("triage", "0007_queue_columns")]
    operations = [
        migrations.RunSQL(TAG_ROWS, NO_TAG_ROWS),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
