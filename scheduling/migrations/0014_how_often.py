"""How often boosters come: patterns, steps, ends, reviews; boosters that are offered; new times that want a yes.

Not additive: until it is replaced, a program of the version before can set no booster plan, since the database gives
the new columns no value of their own.
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
        ("scheduling", "0013_kept_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NewTime",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["asked_at"],
            },
        ),
        migrations.CreateModel(
            name="ProposedBooster",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("starts", models.DateTimeField(verbose_name="from")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("proposed", "proposed"),
                            ("offered", "offered"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("replaced", "no longer proposed"),
                        ],
                        default="proposed",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                ("offered_at", models.DateTimeField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["starts"],
            },
        ),
        migrations.AddField(
            model_name="boosterplan",
            name="counts_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="boosterplan",
            name="ends_on",
            field=models.DateField(blank=True, null=True, verbose_name="last day of boosters"),
        ),
        migrations.AddField(
            model_name="boosterplan",
            name="extra_now",
            field=models.BooleanField(default=False, verbose_name="one extra now"),
        ),
        migrations.AddField(
            model_name="boosterplan",
            name="pattern",
            field=models.CharField(
                choices=[
                    ("fixed", "at a fixed interval"),
                    ("widening", "widening step by step"),
                    ("as_needed", "as needed, with a smallest gap"),
                ],
                default="fixed",
                max_length=9,
                verbose_name="pattern",
            ),
        ),
        migrations.AddField(
            model_name="boosterplan",
            name="review_on",
            field=models.DateField(blank=True, null=True, verbose_name="to be looked at again on"),
        ),
        migrations.AddField(
            model_name="boosterplan",
            name="steps",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                blank=True,
                default=list,
                size=None,
                verbose_name="steps, in days",
            ),
        ),
        migrations.AddField(
            model_name="boosterplan",
            name="suggested",
            field=models.JSONField(blank=True, default=dict),
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
                    ("score_asked", "asked how it goes"),
                    ("dates_offered", "next dates offered"),
                ],
                max_length=20,
                verbose_name="about",
            ),
        ),
        migrations.AddConstraint(
            model_name="boosterplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("pattern", "widening"), ("steps__len__gte", 2)),
                    models.Q(models.Q(("pattern", "widening"), _negated=True), ("steps__len", 0)),
                    _connector="OR",
                ),
                name="booster_steps_where_it_widens",
            ),
        ),
        migrations.AddField(
            model_name="newtime",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="new_times", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="newtime",
            name="confirmed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="proposedbooster",
            name="answered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="proposedbooster",
            name="appointment",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="proposed_booster",
                to="scheduling.appointment",
            ),
        ),
        migrations.AddField(
            model_name="proposedbooster",
            name="series",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="proposed_boosters", to="scheduling.series"
            ),
        ),
        migrations.AddIndex(
            model_name="newtime",
            index=models.Index(
                condition=models.Q(("confirmed_at__isnull", True)), fields=["appointment"], name="new_time_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="newtime",
            constraint=models.UniqueConstraint(
                models.F("appointment"), models.F("version"), name="new_time_asked_once"
            ),
        ),
        migrations.AddIndex(
            model_name="proposedbooster",
            index=models.Index(fields=["status", "starts"], name="scheduling__status_5a7b92_idx"),
        ),
        migrations.AddConstraint(
            model_name="proposedbooster",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["proposed", "offered"])),
                fields=("series", "starts"),
                name="proposed_booster_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposedbooster",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "offered"), _negated=True), ("offered_at__isnull", False), _connector="OR"
                ),
                name="proposed_booster_offered_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposedbooster",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment__isnull", False), ("status", "accepted")),
                    models.Q(models.Q(("status", "accepted"), _negated=True), ("appointment__isnull", True)),
                    _connector="OR",
                ),
                name="proposed_booster_accepted_is_a_visit",
            ),
        ),
        Audit("scheduling_proposedbooster"),
        Audit("scheduling_newtime"),
    ]
