"""Tickets by the hundred thousand, as unequal as real ones: made by the database, the same at every run.

Nine in ten are closed, and most of the open ones are young. Tags reach from 40 % of all tickets down to five, words and labels
and requesters have a few favourites and a long tail. Each ticket has a finished run with a label decision, but one in 200,
whose run was skipped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import Role, Team, User
from triage.models import Label, Ticket

LABELS, TEAMS, AGENTS, TAGS, WORDS = 77, 12, 40, 30, 20_000
TICKETS_PER_REQUESTER = 5
RARE_TAG, RARE_TAG_TICKETS = f"tag-{TAGS}", 5

# Of a skewed draw `skew`, the first of `count` are drawn most: the first of 77 one time in nine, the last one in 150.
PICK = "(%({name})s::bigint[])[1 + floor(power(random(), 2) * {count})::int]"
REQUESTERS = """
INSERT INTO triage_requester (id, name, email, external_id, created_at)
SELECT n, 'Requester ' || n, 'requester-' || n || '@example.com', '', now()
  FROM generate_series(1, %(requesters)s) AS n
"""
TICKETS = f"""
INSERT INTO triage_ticket (
    id, triage_id, subject, description, original_characters, requester_id, status, priority, language, sentiment, label_id,
    team_id, assignee_id, tags, channel, source, external_id, custom_fields, instruction_text, known_label, split,
    needs_review, is_skipped, set_by_person, version, created_at, updated_at)
SELECT n, n, 'Ticket ' || n, words.text, length(words.text), 1 + floor(power(random(), 2) * %(requesters)s),
       CASE WHEN is_open THEN (ARRAY['new', 'open', 'open', 'open', 'pending', 'pending', 'hold'])[1 + floor(fate * 7)::int]
            WHEN fate < 0.02 THEN 'solved' ELSE 'closed' END,
       (ARRAY['', '', '', 'low', 'normal', 'normal', 'normal', 'normal', 'high', 'urgent'])[1 + floor(random() * 10)::int],
       'en', 'neutral', {PICK.format(name="labels", count=LABELS)}, {PICK.format(name="teams", count=TEAMS)},
       CASE WHEN random() < (CASE WHEN is_open THEN 0.5 ELSE 0.9 END) THEN {PICK.format(name="agents", count=AGENTS)} END,
       ARRAY(SELECT 'tag-' || k FROM generate_series(1, {TAGS - 1}) AS k WHERE random() < 0.4 * power(0.685, k - 1) + 0 * n)
           || CASE WHEN n %% (%(tickets)s / {RARE_TAG_TICKETS}) = 1 THEN '{{{RARE_TAG}}}' ELSE '{{}}' END::text[],
       (ARRAY['api', 'api', 'email', 'email', 'email', 'email', 'email', 'form'])[1 + floor(random() * 8)::int],
       source, CASE WHEN source = '' THEN '' ELSE 'case-' || n END, '{{}}', '', '', '',
       random() < 0.02, false, '{{}}', 2, created_at, least(now(), created_at - ln(1 - random()) * interval '14 days')
  FROM (SELECT n, random() AS fate, random() < (CASE WHEN n > 0.95 * %(tickets)s THEN 0.8 ELSE 0.06 END) AS is_open,
               now() - interval '3 years' * (1 - n::float / %(tickets)s) AS created_at,
               (ARRAY['', '', '', 'desk', 'desk', 'shop', 'mail', CASE WHEN random() < 0.02 THEN 'fax' ELSE '' END])
                   [1 + floor(random() * 8)::int] AS source
          FROM generate_series(1, %(tickets)s) AS n) AS drawn
 CROSS JOIN LATERAL (
       SELECT string_agg('w' || floor(exp(random() * ln({WORDS})))::int, ' ') AS text
         FROM generate_series(1, 20 + 0 * drawn.n)) AS words
"""  # noqa: S608 - of constants
RUNS = """
INSERT INTO triage_triage (
    id, ticket_id, state, skip_reason, due_at, claims, is_rerun, stage, escalated, escalation_reason, reason, model_asked,
    model_served, obtained, prompt_version, thresholds, cost_nanousd, created_at, finished_at)
SELECT id, id, CASE WHEN id % 200 = 0 THEN 'skipped' ELSE 'done' END, CASE WHEN id % 200 = 0 THEN 'overloaded' ELSE '' END,
       created_at, 1, false, 'classify', false, '', 'The words are plain.', 'claude-haiku-5-5', 'claude-haiku-5-5', 'first',
       '0123456789abcdef', '{}', 142000, created_at, created_at
  FROM triage_ticket
"""
DECISIONS = """
INSERT INTO triage_fielddecision (
    id, triage_id, field, value, confidence, threshold, decision, alternatives, corrected_to, correction_reason)
SELECT ticket.id, ticket.id, 'label', label.slug, 0.6, 0.85, 'suggested', '[]', '', ''
  FROM triage_ticket AS ticket JOIN triage_label AS label ON label.id = ticket.label_id
 WHERE ticket.id % 200 <> 0
"""
# What a person or a threshold settled has its label; what waits for a review has only the suggestion.
UNSETTLE = """
UPDATE triage_ticket
   SET suggested_label_id = label_id, label_id = CASE WHEN needs_review THEN NULL ELSE label_id END, is_skipped = id % 200 = 0
"""
TAG_ROWS = """
INSERT INTO triage_tickettag (ticket_id, tag, updated_at)
SELECT ticket.id, tag, ticket.updated_at FROM triage_ticket AS ticket CROSS JOIN unnest(ticket.tags) AS tag
    ON CONFLICT DO NOTHING
"""
BIG = (
    "triage_requester",
    "triage_ticket",
    "triage_tickettag",
    "triage_triage",
    "triage_fielddecision",
)


def fill(tickets: int) -> None:
    """That many tickets with all that belongs to them, in the database that the router names; its tables are empty before.

    Foreign keys are checked at the end of the caller's transaction.
    """
    given: dict[str, Any] = {
        "labels": [label.pk for label in _labels()],
        "teams": [team.pk for team in _teams()],
        "agents": [agent.pk for agent in _agents()],
        "tickets": tickets,
        "requesters": max(1, tickets // TICKETS_PER_REQUESTER),
    }
    with database().cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(REQUESTERS, given)
        cursor.execute(TICKETS, given)
        for statement in (RUNS, DECISIONS, UNSETTLE, TAG_ROWS):
            cursor.execute(statement)


def analyze() -> None:
    """Statistics as autovacuum keeps them, and no list of entries that an index has yet to take in."""
    with database().cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(BIG)}")
        cursor.execute("SELECT gin_clean_pending_list('ticket_search')")


@contextmanager
def without_indexes() -> Iterator[None]:
    """The big tables without what can be built faster afterwards: indexes that are no constraints, and checks of keys."""
    with database().cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = ANY (%s::regclass[]) AND NOT indisunique",
            [list(BIG)],
        )
        indexes = dict(cursor.fetchall())
        cursor.execute(f"DROP INDEX {', '.join(indexes)}")
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for definition in indexes.values():
            cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem")
        cursor.execute(f"VACUUM ANALYZE {', '.join(BIG)}")


def database() -> BaseDatabaseWrapper:
    """Where the router sends tickets just now."""
    return connections[router.db_for_write(Ticket)]


def _labels() -> list[Label]:
    rows = (Label(slug=f"label-{n}", name=f"Label {n}") for n in range(1, LABELS + 1))
    return Label.objects.bulk_create(rows)


def _teams() -> list[Team]:
    rows = (Team(slug=f"team-{n}", name=f"Team {n}") for n in range(1, TEAMS + 1))
    return Team.objects.bulk_create(rows)


def _agents() -> list[User]:
    rows = (User(email=f"agent-{n}@example.com", role=Role.AGENT) for n in range(1, AGENTS + 1))
    return User.objects.bulk_create(rows)
