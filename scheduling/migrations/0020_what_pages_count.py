"""An index of the few series that go on. Additive; made without a lock that would keep bookings waiting."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("scheduling", "0019_medicines_apart")]

    operations = [
        AddIndexConcurrently(
            "series",
            models.Index(
                condition=models.Q(("status__in", ["draft", "active", "on-hold"])),
                fields=["site"],
                name="series_that_goes_on",
            ),
        ),
    ]
