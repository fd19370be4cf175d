"""What is written down at the chair: orders, doses, readings, side effects, questions, pauses, corrected times.

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
        ("clinic", "0003_audit_caller"),
        ("patients", "0005_consents_and_merging"),
        ("scheduling", "0006_calls_that_wait"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AdverseEvent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="at")),
                ("recorded_at", models.DateTimeField(editable=False)),
                ("struck_at", models.DateTimeField(blank=True, null=True)),
                ("struck_reason", models.CharField(blank=True, max_length=300, verbose_name="why it is struck out")),
                ("what", models.CharField(max_length=300, verbose_name="what happened")),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("mild", "mild"),
                            ("moderate", "moderate"),
                            ("severe", "severe"),
                            ("life", "life-threatening"),
                        ],
                        max_length=8,
                        verbose_name="severity",
                    ),
                ),
                ("action_taken", models.CharField(max_length=300, verbose_name="what was done")),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("call_on", models.DateField(blank=True, null=True, verbose_name="follow-up call on")),
            ],
            options={
                "ordering": ["at", "recorded_at"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Dose",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="at")),
                ("recorded_at", models.DateTimeField(editable=False)),
                ("struck_at", models.DateTimeField(blank=True, null=True)),
                ("struck_reason", models.CharField(blank=True, max_length=300, verbose_name="why it is struck out")),
                ("is_treatment", models.BooleanField(default=True, verbose_name="the treatment itself")),
                ("drug", models.CharField(max_length=80, verbose_name="drug")),
                ("amount", models.DecimalField(decimal_places=3, max_digits=9, verbose_name="dose")),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("mg", "mg"),
                            ("mg/kg", "mg/kg"),
                            ("mcg", "mcg"),
                            ("mcg/kg", "mcg/kg"),
                            ("g", "g"),
                            ("mL", "mL"),
                            ("IU", "IU"),
                        ],
                        max_length=6,
                        verbose_name="unit",
                    ),
                ),
                (
                    "route",
                    models.CharField(
                        choices=[
                            ("iv", "intravenous"),
                            ("im", "intramuscular"),
                            ("sc", "subcutaneous"),
                            ("nasal", "nasal"),
                            ("oral", "by mouth"),
                        ],
                        max_length=5,
                        verbose_name="route",
                    ),
                ),
                ("rate", models.CharField(blank=True, max_length=80, verbose_name="rate")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                (
                    "marks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("no_order", "no order was written"),
                                ("drug", "not the drug that was ordered"),
                                ("other", "not among the other medicines that were ordered"),
                                ("route", "not by the route that was ordered"),
                                ("unit", "in another unit than ordered, so not compared"),
                                ("below", "less than ordered"),
                                ("above", "more than ordered"),
                            ],
                            max_length=8,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
            ],
            options={
                "ordering": ["at", "recorded_at"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("drug", models.CharField(max_length=80, verbose_name="drug")),
                (
                    "route",
                    models.CharField(
                        choices=[
                            ("iv", "intravenous"),
                            ("im", "intramuscular"),
                            ("sc", "subcutaneous"),
                            ("nasal", "nasal"),
                            ("oral", "by mouth"),
                        ],
                        max_length=5,
                        verbose_name="route",
                    ),
                ),
                ("least", models.DecimalField(decimal_places=3, max_digits=9, verbose_name="dose, at least")),
                ("most", models.DecimalField(decimal_places=3, max_digits=9, verbose_name="dose, at most")),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("mg", "mg"),
                            ("mg/kg", "mg/kg"),
                            ("mcg", "mcg"),
                            ("mcg/kg", "mcg/kg"),
                            ("g", "g"),
                            ("mL", "mL"),
                            ("IU", "IU"),
                        ],
                        max_length=6,
                        verbose_name="unit",
                    ),
                ),
                ("rate", models.CharField(blank=True, max_length=80, verbose_name="rate")),
                ("others", models.TextField(blank=True, verbose_name="other medicines")),
                ("note", models.TextField(blank=True, verbose_name="note to the nurse")),
                ("ordered_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-ordered_at"],
            },
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("reading", "a reading over the limit"),
                            ("effect", "side effects"),
                            ("patient", "the patient asked"),
                            ("line", "the line or the pump"),
                            ("other", "another reason"),
                        ],
                        max_length=7,
                        verbose_name="why",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
            ],
            options={
                "ordering": ["since"],
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("ride", "going home without a companion"),
                            ("reading", "a reading over the limit"),
                            ("clearance", "the clearance"),
                            ("order", "an order"),
                            ("event", "an adverse event"),
                            ("early", "leaving before the least time of recovery"),
                            ("other", "something else"),
                        ],
                        max_length=9,
                        verbose_name="about",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=300, verbose_name="what to know")),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("go_ahead", "go ahead"),
                            ("not_today", "not today"),
                            ("suspend", "treatment suspended"),
                            ("no", "no"),
                            ("seen", "seen"),
                        ],
                        max_length=9,
                        verbose_name="answer",
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
            ],
            options={
                "ordering": ["asked_at", "answered_at"],
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="at")),
                ("recorded_at", models.DateTimeField(editable=False)),
                ("struck_at", models.DateTimeField(blank=True, null=True)),
                ("struck_reason", models.CharField(blank=True, max_length=300, verbose_name="why it is struck out")),
                (
                    "stage",
                    models.CharField(
                        choices=[("before", "before"), ("during", "during"), ("after", "after")],
                        max_length=6,
                        verbose_name="when",
                    ),
                ),
                ("systolic", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="systolic, mmHg")),
                ("diastolic", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="diastolic, mmHg")),
                ("pulse", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="pulse, per minute")),
                ("spo2", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="oxygen saturation, %")),
                (
                    "respiration",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="breaths, per minute"),
                ),
                (
                    "temperature",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=4, null=True, verbose_name="temperature, °C"
                    ),
                ),
                (
                    "weight",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=5, null=True, verbose_name="weight, kg"
                    ),
                ),
                (
                    "over",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=9), blank=True, default=list, size=None
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
            ],
            options={
                "ordering": ["at", "recorded_at"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SideEffect",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="at")),
                ("recorded_at", models.DateTimeField(editable=False)),
                ("struck_at", models.DateTimeField(blank=True, null=True)),
                ("struck_reason", models.CharField(blank=True, max_length=300, verbose_name="why it is struck out")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("dissociation", "dissociation"),
                            ("dizziness", "dizziness"),
                            ("nausea", "nausea"),
                            ("headache", "headache"),
                            ("drowsiness", "drowsiness"),
                            ("double_vision", "double vision"),
                            ("tingling", "tingling"),
                            ("hallucination", "hallucination"),
                            ("other", "something else"),
                        ],
                        max_length=13,
                        verbose_name="effect",
                    ),
                ),
                (
                    "strength",
                    models.CharField(
                        choices=[("mild", "mild"), ("moderate", "moderate"), ("strong", "strong")],
                        default="mild",
                        max_length=8,
                        verbose_name="how strong",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=200, verbose_name="in words")),
            ],
            options={
                "ordering": ["at", "recorded_at"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TimeCorrection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "stamp",
                    models.CharField(
                        choices=[
                            ("arrived", "arrived"),
                            ("started", "started"),
                            ("recovery", "in recovery since"),
                            ("ended", "ended"),
                            ("reading", "a reading"),
                            ("dose", "a medicine given"),
                        ],
                        max_length=8,
                        verbose_name="which time",
                    ),
                ),
                ("note_id", models.UUIDField(blank=True, null=True)),
                ("before", models.DateTimeField(verbose_name="was")),
                ("after", models.DateTimeField(verbose_name="is")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("corrected_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["corrected_at"],
            },
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="diastolic_limit",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="diastolic pressure, at most (mmHg)"
            ),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="reading_every_minutes",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="minutes between readings"),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="spo2_least",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="oxygen saturation, at least (%)"
            ),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="systolic_limit",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="systolic pressure, at most (mmHg)"
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("booked", "dates booked"),
                    ("held", "dates held until clearance"),
                    ("consult_booked", "consult booked"),
                    ("moved", "visit moved"),
                    ("cancelled", "visit cancelled"),
                    ("stopped", "series stopped"),
                    ("released", "held dates released"),
                    ("boosters_changed", "dates changed"),
                    ("reminder", "reminder"),
                    ("prepare", "preparation, the day before"),
                    ("today", "reminder on the day"),
                    ("ride_missing", "nobody named to drive"),
                    ("companion_named", "to the companion: dates and pick-up times"),
                    ("companion_cancelled", "to the companion: no longer needed"),
                    ("aftercare", "after the visit"),
                    ("follow_up", "follow-up call"),
                    ("news", "decision about treatment"),
                ],
                max_length=20,
                verbose_name="about",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("systolic_limit__isnull", True),
                    ("diastolic_limit__isnull", True),
                    ("systolic_limit__gt", models.F("diastolic_limit")),
                    _connector="OR",
                ),
                name="protocol_pressure_limits_in_order",
                violation_error_message="The systolic limit must lie above the diastolic one.",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("spo2_least__isnull", True), ("spo2_least__lte", 100), _connector="OR"),
                name="protocol_saturation_in_percent",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reading_every_minutes__isnull", True), ("reading_every_minutes__gte", 1), _connector="OR"
                ),
                name="protocol_readings_some_minutes_apart",
            ),
        ),
        migrations.AddConstraint(
            model_name="visitrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("recovery_at__gte", models.F("started_at")),
                    ("started_at__gte", models.F("arrived_at")),
                    ("ended_at__gte", models.F("started_at")),
                    ("ended_at__gte", models.F("recovery_at")),
                ),
                name="visit_times_in_order",
            ),
        ),
        migrations.AddField(
            model_name="adverseevent",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="adverseevent",
            name="doctor_told",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="clinic.staffmember",
            ),
        ),
        migrations.AddField(
            model_name="adverseevent",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="adverseevent",
            name="struck_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="dose",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="dose",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="dose",
            name="struck_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="appointment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="orders",
                to="scheduling.appointment",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="ordered_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.staffmember"
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="series",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="orders",
                to="scheduling.series",
            ),
        ),
        migrations.AddField(
            model_name="dose",
            name="order",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="doses",
                to="scheduling.order",
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="pauses", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="paused_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="resumed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="answered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="clinic.staffmember",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="asked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reading",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="reading",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="reading",
            name="struck_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="sideeffect",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="sideeffect",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="sideeffect",
            name="struck_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="timecorrection",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="time_corrections",
                to="scheduling.appointment",
            ),
        ),
        migrations.AddField(
            model_name="timecorrection",
            name="corrected_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="adverseevent",
            index=models.Index(fields=["appointment", "at"], name="scheduling__appoint_74550b_idx"),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("struck_at__isnull", True), ("struck_reason", "")),
                    models.Q(("struck_at__isnull", False), models.Q(("struck_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="adverseevent_struck_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("what", ""), _negated=True), name="adverseevent_says_what"
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("doctor_told__isnull", True), ("told_at__isnull", True)),
                    models.Q(("doctor_told__isnull", False), ("told_at__isnull", False)),
                    _connector="OR",
                ),
                name="adverseevent_told_at_some_time",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["series", "-ordered_at"], name="scheduling__series__af9f30_idx"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["appointment", "-ordered_at"], name="scheduling__appoint_4fc614_idx"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment__isnull", False), ("series__isnull", True)),
                    models.Q(("appointment__isnull", True), ("series__isnull", False)),
                    _connector="OR",
                ),
                name="order_for_a_visit_or_a_series",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("least__gt", 0), ("least__lte", models.F("most"))), name="order_range_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("drug", ""), _negated=True), name="order_names_its_drug"
            ),
        ),
        migrations.AddIndex(
            model_name="dose",
            index=models.Index(fields=["appointment", "at"], name="scheduling__appoint_67564a_idx"),
        ),
        migrations.AddConstraint(
            model_name="dose",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("struck_at__isnull", True), ("struck_reason", "")),
                    models.Q(("struck_at__isnull", False), models.Q(("struck_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="dose_struck_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="dose",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="dose_of_something"),
        ),
        migrations.AddConstraint(
            model_name="dose",
            constraint=models.CheckConstraint(
                condition=models.Q(("drug", ""), _negated=True), name="dose_names_its_drug"
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.UniqueConstraint(
                models.F("appointment"), condition=models.Q(("until__isnull", True)), name="pause_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__isnull", True), ("until__gte", models.F("since")), _connector="OR"),
                name="pause_ends_after_it_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(condition=models.Q(("answer", "")), fields=["asked_at"], name="question_waiting"),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(
                models.F("appointment"),
                models.F("about"),
                condition=models.Q(("answer", "")),
                name="question_asked_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at__isnull", True), ("answered_by__isnull", True)),
                    models.Q(
                        models.Q(("answer", ""), _negated=True),
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="question_answered_whole_or_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked_at__isnull", False), ("answered_at__isnull", False), _connector="OR"),
                name="question_asked_or_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answer__in", ["", "seen"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="question_answered_for_a_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="reading",
            index=models.Index(fields=["appointment", "at"], name="scheduling__appoint_cd5b48_idx"),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("struck_at__isnull", True), ("struck_reason", "")),
                    models.Q(("struck_at__isnull", False), models.Q(("struck_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="reading_struck_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("systolic__isnull", True), models.Q(("systolic__gte", 40), ("systolic__lte", 300)), _connector="OR"
                ),
                name="reading_systolic_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("diastolic__isnull", True),
                    models.Q(("diastolic__gte", 20), ("diastolic__lte", 200)),
                    _connector="OR",
                ),
                name="reading_diastolic_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("pulse__isnull", True), models.Q(("pulse__gte", 20), ("pulse__lte", 300)), _connector="OR"
                ),
                name="reading_pulse_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("spo2__isnull", True), models.Q(("spo2__gte", 40), ("spo2__lte", 100)), _connector="OR"
                ),
                name="reading_spo2_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("respiration__isnull", True),
                    models.Q(("respiration__gte", 2), ("respiration__lte", 100)),
                    _connector="OR",
                ),
                name="reading_respiration_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("temperature__isnull", True),
                    models.Q(("temperature__gte", 14), ("temperature__lte", 47)),
                    _connector="OR",
                ),
                name="reading_temperature_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("weight__isnull", True), models.Q(("weight__gte", 1), ("weight__lte", 500)), _connector="OR"
                ),
                name="reading_weight_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("diastolic__isnull", True), ("systolic__isnull", True)),
                    models.Q(
                        ("diastolic__isnull", False),
                        ("diastolic__lt", models.F("systolic")),
                        ("systolic__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="reading_pressure_whole_and_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("systolic__isnull", False)),
                    models.Q(("diastolic__isnull", False)),
                    models.Q(("pulse__isnull", False)),
                    models.Q(("spo2__isnull", False)),
                    models.Q(("respiration__isnull", False)),
                    models.Q(("temperature__isnull", False)),
                    models.Q(("weight__isnull", False)),
                    _connector="OR",
                ),
                name="reading_of_something",
            ),
        ),
        migrations.AddIndex(
            model_name="sideeffect",
            index=models.Index(fields=["appointment", "at"], name="scheduling__appoint_6d2f6e_idx"),
        ),
        migrations.AddConstraint(
            model_name="sideeffect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("struck_at__isnull", True), ("struck_reason", "")),
                    models.Q(("struck_at__isnull", False), models.Q(("struck_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="sideeffect_struck_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="sideeffect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "other"), _negated=True), models.Q(("words", ""), _negated=True), _connector="OR"
                ),
                name="sideeffect_of_another_kind_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="timecorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="time_corrected_for_a_reason"
            ),
        ),
        Audit("scheduling_reading"),
        Audit("scheduling_order"),
        Audit("scheduling_dose"),
        Audit("scheduling_pause"),
        Audit("scheduling_sideeffect"),
        Audit("scheduling_adverseevent"),
        Audit("scheduling_question"),
        Audit("scheduling_timecorrection"),
    ]
