"""When mail to somebody came back.

Additive: old code runs beside it.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0009_medicines"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="email_failed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
