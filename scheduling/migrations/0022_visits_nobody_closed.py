"""An index for the visits of earlier days that nobody has closed. Additive: old code runs beside it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0021_what_pages_count_again")]

    operations = [
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                fields=["site", "ends"], condition=models.Q(("status", "booked")), name="appointment_still_booked"
            ),
        ),
    ]
