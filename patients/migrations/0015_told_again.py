"""Whoever was told of an alert that nobody acknowledges is told again. Additive: old code tells each once beside it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0014_words_of_consent")]

    operations = [
        migrations.AlterField("alertnotice", "step", models.PositiveIntegerField()),
        migrations.RemoveConstraint("alertnotice", "alert_notice_once"),
        migrations.AddConstraint(
            "alertnotice", models.UniqueConstraint("alert", "to", "step", name="alert_notice_once_a_step")
        ),
    ]
