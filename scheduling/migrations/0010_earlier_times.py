"""Earlier times: wishes, offers of one time to several people, their answers.

Not additive: an offer loses its one visit, which a program of the version before still writes. Deploy web and worker
together; offers that are open then lapse by themselves.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0005_offers_of_earlier_times"),
        ("patients", "0005_consents_and_merging"),
        ("scheduling", "0009_follow_up_consults"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EarlierWish",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("hours", models.JSONField(blank=True, default=dict)),
                ("not_before", models.DateField(blank=True, null=True, verbose_name="not before")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "on the list"), ("met", "came sooner"), ("ended", "taken off the list")],
                        default="waiting",
                        max_length=7,
                        verbose_name="status",
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.CharField(blank=True, max_length=200, verbose_name="why it ended")),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("visit_version", models.PositiveIntegerField()),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "asked"),
                            ("accepted", "said yes"),
                            ("declined", "said no"),
                            ("taken", "somebody else was first"),
                            ("lapsed", "no answer in time"),
                            ("withdrawn", "taken back"),
                        ],
                        default="open",
                        max_length=9,
                        verbose_name="answer",
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["created_at", "pk"],
            },
        ),
        migrations.RemoveField(
            model_name="offer",
            name="appointment",
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
                    ("earlier_offer", "an earlier time offered"),
                    ("earlier_over", "an earlier time is no longer free"),
                ],
                max_length=20,
                verbose_name="about",
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="patient",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="offers",
                to="patients.patient",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "kept_plan"), ("patient__isnull", False)),
                    models.Q(("kind", "earlier_time"), ("patient__isnull", True)),
                    _connector="OR",
                ),
                name="offer_of_a_plan_is_one_patients",
            ),
        ),
        migrations.AddField(
            model_name="earlierwish",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="earlier_wishes", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="earlierwish",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="earlierwish",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="earlier_wishes", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="scheduling.offer"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="wish",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="scheduling.earlierwish"
            ),
        ),
        migrations.AddConstraint(
            model_name="earlierwish",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "waiting")), fields=("appointment",), name="earlier_wish_once_per_visit"
            ),
        ),
        migrations.AddConstraint(
            model_name="earlierwish",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("status", "waiting")),
                    models.Q(models.Q(("status", "waiting"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="earlier_wish_ended_at_some_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(fields=("offer", "wish"), name="invitation_once_per_offer"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(fields=("appointment", "number"), name="invitation_numbered_per_visit"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "accepted")), fields=("offer",), name="invitation_first_gets_it"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "open")), fields=("wish",), name="invitation_one_open_per_wish"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at__isnull", True), ("status", "open")),
                    models.Q(models.Q(("status", "open"), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="invitation_answered_at_some_time",
            ),
        ),
        Audit("scheduling_earlierwish"),
        Audit("scheduling_invitation"),
    ]
