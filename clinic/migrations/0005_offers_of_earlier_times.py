"""How long an earlier time is offered, and how soon a driver is told.

Not additive: until it is replaced, a program of the version before can add no site, since the database gives the new
columns no value of their own.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0004_set_up"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="driver_notice_hours",
            field=models.PositiveSmallIntegerField(default=12, verbose_name="notice to find a driver, in hours"),
        ),
        migrations.AddField(
            model_name="site",
            name="offer_minutes",
            field=models.PositiveSmallIntegerField(default=120, verbose_name="minutes an earlier time is held"),
        ),
    ]
