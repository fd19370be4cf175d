"""Indexes of the series that wait for a yes and of those in maintenance: the navigation asks for both on every page.
Additive; made without a lock that would keep bookings waiting.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("scheduling", "0020_what_pages_count")]

    operations = [
        AddIndexConcurrently(
            "series",
            models.Index(
                condition=models.Q(("status__in", ["draft", "on-hold"])), fields=["site"], name="series_that_waits"
            ),
        ),
        AddIndexConcurrently(
            "series",
            models.Index(
                condition=models.Q(("stage", "maintenance"), ("status", "active")),
                fields=["site"],
                name="series_in_maintenance",
            ),
        ),
    ]
