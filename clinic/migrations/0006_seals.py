"""The audit trail is sealed by a chain, and takes the opening of records. Additive: old code runs beside it.

The index is a BRIN, made in seconds; writers wait for it that long.
"""

import django.contrib.postgres.indexes
from django.db import migrations, models

from clinic import seals


class Migration(migrations.Migration):
    dependencies = [("clinic", "0005_offers_of_earlier_times")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event", models.BigIntegerField(unique=True)),
                ("salt", models.BinaryField(null=True)),
                ("payload", models.BinaryField()),
                ("digest", models.BinaryField()),
                ("link", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
            ],
            options={"ordering": ["position"]},
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="operation",
            field=models.CharField(
                choices=[
                    ("insert", "added"),
                    ("update", "changed"),
                    ("delete", "removed"),
                    ("open", "opened"),
                    ("erase", "erased"),
                ],
                max_length=6,
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="audit_at"),
        ),
        migrations.RunSQL(seals.INSTALL, seals.REMOVE),
    ]
