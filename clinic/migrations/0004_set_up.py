"""What a manager sets up on pages: holidays of a site, and invitations.

Not additive: until it is replaced, a program of the version before can add no site, since the database gives the new
columns no value of their own.
"""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0003_audit_caller"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="holiday_region",
            field=models.CharField(blank=True, max_length=10, verbose_name="region whose holidays hold"),
        ),
        migrations.AddField(
            model_name="site",
            name="open_holidays",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=120),
                blank=True,
                default=list,
                size=None,
                verbose_name="open on these holidays",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="invited_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
