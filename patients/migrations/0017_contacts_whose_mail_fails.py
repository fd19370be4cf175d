"""An index of the few contacts whose mail comes back. Additive; made without a lock that would keep anybody waiting."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("patients", "0016_contacts_mail")]

    operations = [
        AddIndexConcurrently(
            "contact",
            models.Index(
                condition=models.Q(("email_failed_at__isnull", False)),
                fields=["email_failed_at"],
                name="contact_whose_mail_fails",
            ),
        ),
    ]
