"""Parts of a series that were changed as one.

Additive: old code runs beside it.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0007_response_and_alerts"),
        ("scheduling", "0015_links_bound_to_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CourseChange",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("paused", "paused"), ("resumed", "resumed"), ("stopped", "stopped")], max_length=7
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.TextField(verbose_name="reason")),
                ("called_off", models.PositiveSmallIntegerField(default=0)),
                ("until", models.DateField(blank=True, null=True, verbose_name="paused until")),
                ("made_by_name", models.CharField(max_length=200)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinic.staffmember",
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="scheduling.series"
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "indexes": [
                    models.Index(fields=["series", "-at"], name="scheduling__series__fbdc99_idx"),
                    models.Index(
                        condition=models.Q(("seen_at__isnull", True)), fields=["at"], name="course_change_unseen"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="course_change_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "paused"), ("until__isnull", True), _connector="OR"),
                        name="course_change_only_a_pause_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("seen_at__isnull", True), ("seen_by__isnull", True)),
                            models.Q(("seen_at__isnull", False), ("seen_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="course_change_seen_by_somebody",
                    ),
                ],
            },
        ),
        Audit("scheduling_coursechange"),
    ]
