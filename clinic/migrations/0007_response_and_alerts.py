"""What a site says about scores, relief, alerts and boosters.

Not additive: until it is replaced, a program of the version before can add no site, since the database gives the new
columns no value of their own.
"""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0006_seals"),
    ]

    operations = [
        migrations.AddField(
            model_name="site",
            name="alert_minutes",
            field=models.PositiveSmallIntegerField(default=15, verbose_name="minutes until the next person is told"),
        ),
        migrations.AddField(
            model_name="site",
            name="crisis_phone",
            field=models.CharField(blank=True, default="988", max_length=20, verbose_name="crisis line"),
        ),
        migrations.AddField(
            model_name="site",
            name="offers_boosters",
            field=models.BooleanField(default=False, verbose_name="boosters are offered, not booked unasked"),
        ),
        migrations.AddField(
            model_name="site",
            name="phq9_in_clinic",
            field=models.BooleanField(default=False, verbose_name="PHQ-9 only in the clinic"),
        ),
        migrations.AddField(
            model_name="site",
            name="proposed_months",
            field=models.PositiveSmallIntegerField(default=4, verbose_name="months of proposed boosters"),
        ),
        migrations.AddField(
            model_name="site",
            name="relief_drop_percent",
            field=models.PositiveSmallIntegerField(default=30, verbose_name="relief: the score falls by, in %"),
        ),
        migrations.AddField(
            model_name="site",
            name="relief_return_percent",
            field=models.PositiveSmallIntegerField(default=80, verbose_name="relief ends: the score is back at, in %"),
        ),
        migrations.AddField(
            model_name="site",
            name="score_asked_after_days",
            field=models.PositiveSmallIntegerField(default=10, verbose_name="days until a missing score is asked for"),
        ),
        migrations.AddConstraint(
            model_name="site",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("relief_drop_percent__gte", 1),
                    ("relief_return_percent__lte", 100),
                    (
                        "relief_return_percent__gt",
                        django.db.models.expressions.CombinedExpression(
                            models.Value(100), "-", models.F("relief_drop_percent")
                        ),
                    ),
                ),
                name="site_relief_shares_in_order",
            ),
        ),
    ]
