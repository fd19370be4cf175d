"""First and follow-up consults are protocols of their own.

Not additive: until it is replaced, a program of the version before can add no protocol, since the database gives the
new columns no value of their own.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0008_site_wording"),
    ]

    operations = [
        migrations.AddField(
            model_name="protocol",
            name="is_follow_up",
            field=models.BooleanField(default=False, verbose_name="for patients seen before"),
        ),
    ]
