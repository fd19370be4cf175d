"""Only words: how a consent was signed, and what a payer does, as the pages say it. Additive."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0013_medicines_checked"),
    ]

    operations = [
        migrations.AlterField(
            model_name="authorisation",
            name="kind",
            field=models.CharField(
                choices=[("paid", "paid in advance"), ("payer", "authorized by a payer")],
                default="payer",
                max_length=5,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="how",
            field=models.CharField(
                choices=[("paper", "on paper"), ("drawn", "on the screen"), ("typed", "by typing the name")],
                default="paper",
                max_length=5,
                verbose_name="how it was signed",
            ),
        ),
    ]
