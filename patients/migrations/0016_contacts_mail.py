"""A contact's yes to mail, taken back when our mail is reported as unwanted. Additive: old code leaves it a yes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0015_told_again")]

    operations = [
        migrations.AddField(
            "contact",
            "mail_consent",
            models.BooleanField(db_default=True, default=True, verbose_name="agrees to email"),
        ),
    ]
