"""The trail names who asked for a change by telephone. Additive: old code runs beside it."""

from django.db import migrations, models

from clinic.audit import INSTALL_FUNCTION
from clinic.migrations._audit_1 import INSTALL_FUNCTION as BEFORE


class Migration(migrations.Migration):
    dependencies = [("clinic", "0002_audit")]

    operations = [
        migrations.AddField("auditevent", "caller_id", models.CharField(blank=True, default="", max_length=64)),
        migrations.AddField("auditevent", "caller_name", models.CharField(blank=True, default="", max_length=200)),
        migrations.RunSQL(INSTALL_FUNCTION, BEFORE),
    ]
