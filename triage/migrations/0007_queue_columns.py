"""What the queue shows, on the ticket itself, and its tags as rows in the order of change."""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_api_tokens"),
        ("triage", "0006_open_tickets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TicketTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tag", models.CharField(max_length=60)),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_label",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_tags",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_open_review",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_open_newest",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_open_assignee",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_open_team",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_open_label",
        ),
        migrations.AddField(
            model_name="ticket",
            name="suggested_label",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="What the newest run named and nobody has settled.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="triage.label",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="is_skipped",
            field=models.BooleanField(
                default=False, help_text="Claude could not be asked; triage is caught up later."
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="filed_label",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce(
                    models.F("label"), models.F("suggested_label")
                ),
                output_field=models.BigIntegerField(null=True),
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status__in", ("new", "open", "pending", "hold"))),
                fields=["created_at", "id"],
                include=(
                    "needs_review",
                    "is_skipped",
                    "assignee",
                    "team",
                    "filed_label",
                    "priority",
                    "status",
                ),
                name="ticket_open",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["filed_label", "created_at", "id"], include=("status",), name="ticket_filed"
            ),
        ),
        migrations.AddField(
            model_name="tickettag",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tag_rows",
                to="triage.ticket",
            ),
        ),
        migrations.AddIndex(
            model_name="tickettag",
            index=models.Index(fields=["tag", "updated_at", "ticket"], name="ticket_tag_updated"),
        ),
        migrations.AddConstraint(
            model_name="tickettag",
            constraint=models.UniqueConstraint(fields=("ticket", "tag"), name="ticket_tag_once"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(
                    ("needs_review", True), ("status__in", ("new", "open", "pending", "hold"))
                ),
                fields=["created_at", "id"],
                include=("team", "filed_label", "priority", "status"),
                name="ticket_open_needs_review",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(
                    ("is_skipped", True), ("status__in", ("new", "open", "pending", "hold"))
                ),
                fields=["created_at", "id"],
                include=("team", "filed_label", "priority", "status"),
                name="ticket_open_is_skipped",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status__in", ("new", "open", "pending", "hold"))),
                fields=["assignee", "created_at", "id"],
                include=("team", "filed_label", "priority", "status"),
                name="ticket_open_mine",
            ),
        ),
    ]
