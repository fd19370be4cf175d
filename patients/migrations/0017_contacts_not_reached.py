"""An index of the few contacts who are not reached. Additive; made without a lock that would keep anybody waiting."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("patients", "0016_contacts_mail")]

    operations = [
        AddIndexConcurrently(
            "contact",
            models.Index(
                condition=models.Q(("email_failed_at__isnull", False), ("stopped_at__isnull", False), _connector="OR"),
                fields=["patient"],
                name="contact_not_reached",
            ),
        ),
    ]
