"""Openings of a record are looked up by an index of their own, with plans that are kept. Additive."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from clinic import seals


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clinic", "0009_second_factor")]

    operations = [
        AddIndexConcurrently(
            "auditevent",
            models.Index(condition=models.Q(("operation", "open")), fields=["patient", "at"], name="audit_openings"),
        ),
        # For databases in which 0006 made it before it kept its plans.
        migrations.RunSQL(seals.OPENING, migrations.RunSQL.noop),
    ]
