"""Triggers: a taxonomy version never changes, and neither does an attempt whose cost is settled."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION triage_refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is history and is not edited', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER taxonomyversion_is_immutable
    BEFORE UPDATE OR DELETE ON triage_taxonomyversion
    FOR EACH ROW EXECUTE FUNCTION triage_refuse_edit();

CREATE TRIGGER attempt_settled_is_immutable
    BEFORE UPDATE ON triage_attempt
    FOR EACH ROW WHEN (OLD.certainty IN ('known', 'none'))
    EXECUTE FUNCTION triage_refuse_edit();
"""
ALLOW = """
DROP TRIGGER attempt_settled_is_immutable ON triage_attempt;
DROP TRIGGER taxonomyversion_is_immutable ON triage_taxonomyversion;
DROP FUNCTION triage_refuse_edit();
"""


class Migration(migrations.Migration):
    dependencies = [("triage", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
