"""The index of booked visits, for all that are open: who never left by the record is not closed either.

Additive but for the older index, which old code does without.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0022_visits_nobody_closed")]

    operations = [
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                fields=["site", "ends"],
                condition=models.Q(("status__in", ["proposed", "booked", "arrived"])),
                name="appointment_still_open",
            ),
        ),
        migrations.RemoveIndex(model_name="appointment", name="appointment_still_booked"),
    ]
