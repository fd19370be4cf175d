"""Counts that cost much are kept for the navigation.

Additive: old code runs beside it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0012_times_and_rates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("work", "visits without cover, what ends before a visit, earlier times"),
                            ("decide", "clearances and courses that wait for a doctor"),
                        ],
                        max_length=6,
                    ),
                ),
                ("count", models.PositiveIntegerField()),
                ("counted_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(models.F("user"), models.F("kind"), name="kept_count_once_per_user")
                ],
            },
        ),
    ]
