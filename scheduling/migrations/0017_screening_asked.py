"""One kind of message more, which the database knows as a word.

Additive: old code runs beside it.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0016_course_changes"),
    ]

    operations = [
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
                    ("screening", "screening asked for"),
                    ("score_asked", "asked how it goes"),
                    ("dates_offered", "next dates offered"),
                ],
                max_length=20,
                verbose_name="about",
            ),
        ),
    ]
