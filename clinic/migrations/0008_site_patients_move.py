"""Whether a site lets patients move visits by themselves.

Not additive: until it is replaced, a program of the version before can add no site, since the database gives the new
columns no value of their own.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0007_response_and_alerts"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="patients_move",
            field=models.BooleanField(default=False, verbose_name="patients move visits themselves"),
        ),
    ]
