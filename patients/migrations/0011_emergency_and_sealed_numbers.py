"""Records opened in an emergency; identity and payer's numbers lie encrypted from now on.

Not additive: a program of the version before cannot read the sealed numbers, and an import by it would not find
patients again. Stop imports and deploy the web processes together; it runs in seconds for 100,000 numbers.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import clinic.sealing
from clinic.audit import Audit


def seal(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Encrypt what lies there in plain."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, system, value FROM patients_patientidentifier")
        for pk, system, value in cursor.fetchall():
            digest = clinic.sealing.blind_index(f"{system}|{value}")
            sealed = clinic.sealing.encrypt(value)
            cursor.execute(
                "UPDATE patients_patientidentifier SET value = %s, digest = %s WHERE id = %s", [sealed, digest, pk]
            )
        cursor.execute("SELECT id, reference FROM patients_authorisation WHERE reference <> ''")
        for pk, reference in cursor.fetchall():
            cursor.execute(
                "UPDATE patients_authorisation SET reference = %s WHERE id = %s",
                [clinic.sealing.encrypt(reference), pk],
            )
        # Deferred checks of the rows just written stand in the way of altering the table.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0009_second_factor"),
        ("patients", "0010_failing_addresses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EmergencyAccess",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason", models.TextField(verbose_name="reason")),
                ("opened_at", models.DateTimeField(verbose_name="opened at")),
                ("until", models.DateTimeField(verbose_name="until")),
                ("reviewed_at", models.DateTimeField(blank=True, null=True, verbose_name="looked at")),
                ("review", models.TextField(blank=True, verbose_name="what came of it")),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emergency_accesses",
                        to="patients.patient",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emergency_accesses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at"],
                "indexes": [models.Index(fields=["user", "until"], name="patients_em_user_id_73cc71_idx")],
                "constraints": [
                    models.CheckConstraint(condition=~models.Q(reason=""), name="emergency_has_a_reason"),
                    models.CheckConstraint(condition=models.Q(opened_at__lt=models.F("until")), name="emergency_ends"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(
                                ("reviewed_at__isnull", False),
                                ("reviewed_by__isnull", False),
                                models.Q(("review", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="emergency_review_is_whole",
                    ),
                ],
            },
        ),
        Audit("patients_emergencyaccess"),
        migrations.AlterField("patientidentifier", "value", clinic.sealing.SealedField()),
        migrations.AddField("patientidentifier", "digest", models.CharField(max_length=64, default="")),
        migrations.AlterField(
            "authorisation", "reference", clinic.sealing.SealedField(blank=True, verbose_name="reference")
        ),
        migrations.RemoveConstraint("patientidentifier", "identifier_once"),
        migrations.RunPython(seal),
        migrations.AlterField("patientidentifier", "digest", models.CharField(max_length=64)),
        migrations.AddConstraint(
            "patientidentifier", models.UniqueConstraint("system", "digest", name="identifier_once")
        ),
    ]
