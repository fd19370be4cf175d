"""Answers to questionnaires, the alerts that they raise, and treatments elsewhere.

Additive: old code runs beside it.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0007_response_and_alerts"),
        ("patients", "0005_consents_and_merging"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ScoreSheet",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("pain", "pain, 0-10"),
                            ("fiqr", "FIQR, 0-100"),
                            ("phq9", "PHQ-9, 0-27"),
                            ("systolic", "systolic blood pressure, mmHg"),
                            ("diastolic", "diastolic blood pressure, mmHg"),
                            ("heart_rate", "heart rate, per minute"),
                            ("spo2", "oxygen saturation, %"),
                            ("weight", "body weight, kg"),
                        ],
                        max_length=10,
                        verbose_name="questionnaire",
                    ),
                ),
                (
                    "items",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), size=None, verbose_name="answers"
                    ),
                ),
                ("answered_at", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        choices=[("patient", "patient"), ("staff", "staff"), ("import", "import")], max_length=7
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="score_sheets", to="patients.patient"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["answered_at"],
            },
        ),
        migrations.CreateModel(
            name="SafetyAlert",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("raised_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("what_was_done", models.TextField(blank=True, verbose_name="what was done")),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinic.staffmember",
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="safety_alerts",
                        to="clinic.staffmember",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="safety_alerts", to="patients.patient"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.site"),
                ),
                (
                    "sheet",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="safety_alert",
                        to="patients.scoresheet",
                    ),
                ),
            ],
            options={
                "ordering": ["raised_at"],
            },
        ),
        migrations.CreateModel(
            name="OtherTreatment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("physical", "physical therapy"),
                            ("medication", "medication"),
                            ("talking", "psychotherapy"),
                            ("exercise", "exercise"),
                            ("other", "something else"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="what")),
                ("since", models.DateField(verbose_name="since")),
                ("until", models.DateField(blank=True, null=True, verbose_name="until")),
                ("recorded_at", models.DateTimeField(editable=False)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="other_treatments",
                        to="patients.patient",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["since"],
                "indexes": [models.Index(fields=["patient", "since"], name="patients_ot_patient_9f878d_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__isnull", True), ("until__gte", models.F("since")), _connector="OR"),
                        name="other_treatment_dates_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="other_treatment_says_what"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertNotice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("step", models.PositiveSmallIntegerField()),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=400)),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.staffmember"
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="patients.safetyalert"
                    ),
                ),
            ],
            options={
                "ordering": ["due_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("sent_at__isnull", True)), fields=["due_at"], name="alert_notice_waiting"
                    )
                ],
                "constraints": [models.UniqueConstraint(models.F("alert"), models.F("to"), name="alert_notice_once")],
            },
        ),
        migrations.AddIndex(
            model_name="scoresheet",
            index=models.Index(fields=["patient", "-answered_at"], name="patients_sc_patient_f4dca5_idx"),
        ),
        migrations.AddConstraint(
            model_name="scoresheet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("items__len", 1), ("measure", "pain")),
                    models.Q(("items__len", 21), ("measure", "fiqr")),
                    models.Q(("items__len", 9), ("measure", "phq9")),
                    _connector="OR",
                ),
                name="score_sheet_answered_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="safetyalert",
            index=models.Index(
                condition=models.Q(("acknowledged_at__isnull", True)), fields=["raised_at"], name="safety_alert_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="safetyalert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True), ("what_was_done", "")
                    ),
                    models.Q(
                        ("acknowledged_at__isnull", False),
                        ("acknowledged_by__isnull", False),
                        models.Q(("what_was_done", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="safety_alert_acknowledged_whole_or_not",
            ),
        ),
        Audit("patients_scoresheet"),
        Audit("patients_safetyalert"),
        Audit("patients_alertnotice"),
        Audit("patients_othertreatment"),
    ]
