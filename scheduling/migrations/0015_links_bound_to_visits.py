"""A link is bound to the times that its message told, and wrong birth dates are counted.

Not additive: until it is replaced, a program of the version before can make no link, and so send no message with one,
since the database gives the new columns no value of their own.
"""

import django.db.models.deletion
from django.db import migrations, models

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0007_patient_essential_only"),
        ("scheduling", "0014_how_often"),
    ]

    operations = [
        migrations.AddField(
            model_name="link",
            name="speaks_of",
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
                    ("pick_up", "to the companion: the pick-up time, as recovery begins"),
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
        migrations.CreateModel(
            name="BirthDateMiss",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "link",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="birth_date_misses",
                        to="scheduling.link",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="birth_date_misses",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
                "indexes": [models.Index(fields=["patient", "-at"], name="scheduling__patient_67a93b_idx")],
            },
        ),
        Audit("scheduling_birthdatemiss"),
    ]
