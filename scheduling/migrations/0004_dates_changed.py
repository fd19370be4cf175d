"""One kind of message more, which the database knows as a word.

Additive: old code runs beside it.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0003_series_spacing"),
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
                    ("aftercare", "after the visit"),
                    ("news", "decision about treatment"),
                ],
                max_length=20,
                verbose_name="about",
            ),
        ),
    ]
