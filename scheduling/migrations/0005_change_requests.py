"""What patients ask to have changed, until the desk answers.

Additive: old code runs beside it.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0004_search"),
        ("scheduling", "0004_dates_changed"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("move", "another time"), ("cancel", "cancel")], max_length=6, verbose_name="asks for"
                    ),
                ),
                ("asked_version", models.PositiveIntegerField()),
                ("wishes", models.JSONField(blank=True, default=dict)),
                ("first_day", models.DateField(blank=True, null=True, verbose_name="not before")),
                ("words", models.TextField(blank=True, verbose_name="in the patient's words")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("done", "done"),
                            ("closed", "answered without a change"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("answer", models.TextField(blank=True, verbose_name="answer to the patient")),
                ("created_at", models.DateTimeField(editable=False)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="change_requests",
                        to="scheduling.appointment",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="change_requests",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "indexes": [models.Index(fields=["status", "created_at"], name="scheduling__status_9c99a1_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "waiting")),
                        fields=("appointment",),
                        name="change_request_one_waits_per_visit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("status", "waiting")),
                            models.Q(models.Q(("status", "waiting"), _negated=True), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="change_request_closed_at_some_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "closed"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="change_request_closed_with_an_answer",
                    ),
                ],
            },
        ),
        Audit("scheduling_changerequest"),
    ]
