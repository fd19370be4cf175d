"""A series may have gaps of its own between its visits.

Additive: old code runs beside it.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0002_audit"),
        ("patients", "0004_search"),
        ("scheduling", "0002_audit_and_proofs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="series",
            name="ideal_gap_days",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=5, null=True, verbose_name="days between visits, ideally"
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="max_gap_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="days between visits, at most"),
        ),
        migrations.AddField(
            model_name="series",
            name="min_gap_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="days between visits, at least"),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ideal_gap_days__isnull", True), ("max_gap_days__isnull", True), ("min_gap_days__isnull", True)
                    ),
                    models.Q(
                        ("ideal_gap_days__isnull", False),
                        ("max_gap_days__isnull", False),
                        ("min_gap_days__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="series_spacing_whole_or_none",
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("min_gap_days__isnull", True),
                    models.Q(
                        ("max_gap_days__gte", models.F("ideal_gap_days")),
                        ("min_gap_days__gte", 1),
                        ("min_gap_days__lte", models.F("ideal_gap_days")),
                    ),
                    _connector="OR",
                ),
                name="series_gaps_in_order",
            ),
        ),
    ]
