"""At which address or number somebody said "wrong person". Additive: what old code leaves empty is taken to be the way
that the contact is reached by.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0017_contacts_not_reached")]

    operations = [
        migrations.AddField(
            "contact",
            "stopped_way",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=254),
        ),
    ]
