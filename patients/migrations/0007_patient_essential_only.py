"""A patient may ask for the messages alone that cannot be left out.

Not additive: until it is replaced, a program of the version before can add no patient, since the database gives the new
columns no value of their own.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0006_answers_and_alerts"),
    ]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="essential_only",
            field=models.BooleanField(default=False, verbose_name="only what is essential"),
        ),
    ]
