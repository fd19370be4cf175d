"""How far the night's work on proposed dates has come. Additive: old code runs beside it. Not under the trail, as the
other machinery."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0025_consent_on_a_tablet"),
        ("clinic", "0011_support_role"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProposalNight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("night", models.DateField()),
                ("reached", models.UUIDField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="clinic.site"
                    ),
                ),
            ],
        ),
    ]
