"""Merged records, consent to channels, the forms that are signed and what shows it, and more about paid sessions.

Not additive: until it is replaced, a program of the version before can add no patient, no consent and no paid session,
since the database gives the new columns no value of their own.
"""

import datetime
import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import patients.models.consent
from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0003_audit_caller"),
        ("patients", "0004_search"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentDocument",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "consent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="document", to="patients.consent"
                    ),
                ),
                (
                    "media_type",
                    models.CharField(
                        choices=[
                            ("application/pdf", "PDF"),
                            ("image/jpeg", "JPEG picture"),
                            ("image/png", "PNG picture"),
                            ("image/svg+xml", "drawn signature"),
                        ],
                        max_length=16,
                    ),
                ),
                ("content", models.BinaryField()),
                ("size", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ConsentForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=40, unique=True, verbose_name="version")),
                ("text", models.JSONField(verbose_name="text")),
                ("valid_days", models.PositiveSmallIntegerField(default=365, verbose_name="valid for, in days")),
                ("is_current", models.BooleanField(default=True, verbose_name="signed from now on")),
                ("created_at", models.DateTimeField(editable=False)),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.AlterModelOptions(
            name="authorisation",
            options={"ordering": ["valid_from", "created_at"]},
        ),
        migrations.AddField(
            model_name="authorisation",
            name="created_at",
            field=models.DateTimeField(
                default=datetime.datetime(2026, 11, 25, 0, 0, tzinfo=datetime.UTC), editable=False
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="authorisation",
            name="kind",
            field=models.CharField(
                choices=[("paid", "paid in advance"), ("payer", "authorised by a payer")],
                default="payer",
                max_length=5,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="authorisation",
            name="payer",
            field=models.CharField(blank=True, max_length=80, verbose_name="who pays"),
        ),
        migrations.AddField(
            model_name="authorisation",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="authorisation",
            name="valid_from",
            field=models.DateField(default=datetime.date(2026, 11, 25), verbose_name="valid from"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="authorisation",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="consent",
            name="how",
            field=models.CharField(
                choices=[
                    ("paper", "on paper"),
                    ("drawn", "drawn on the screen"),
                    ("typed", "name typed on the screen"),
                ],
                default="paper",
                max_length=5,
                verbose_name="how it was signed",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="signer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents_signed",
                to="patients.contact",
            ),
        ),
        migrations.AddField(
            model_name="patient",
            name="mail_consent",
            field=models.BooleanField(default=True, verbose_name="agrees to email"),
        ),
        migrations.AddField(
            model_name="patient",
            name="merged_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="patient",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_from",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="patient",
            name="text_consent",
            field=models.BooleanField(default=False, verbose_name="agrees to text messages"),
        ),
        migrations.AddField(
            model_name="patient",
            name="version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["birth_date"], name="patient_birth_date"),
        ),
        migrations.AddConstraint(
            model_name="authorisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                ),
                name="authorisation_dates_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_at__isnull", True), ("merged_into__isnull", True)),
                    models.Q(
                        ("is_active", False),
                        ("merged_at__isnull", False),
                        ("merged_into__isnull", False),
                        models.Q(("merged_into", models.F("id")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="patient_merged_into_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gte", 1), ("size__lte", 10485760)), name="consent_document_of_a_size"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("size", models.Func(models.F("content"), function="length", output_field=models.IntegerField()))
                ),
                name="consent_document_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("digest", patients.models.consent.Digest("content"))),
                name="consent_document_unchanged",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentform",
            constraint=models.UniqueConstraint(
                models.F("is_current"), condition=models.Q(("is_current", True)), name="consent_form_one_current"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentform",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_days__gte", 1)), name="consent_form_holds_a_day"
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="form",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="patients.consentform",
            ),
        ),
        Audit("patients_consentform"),
        # The bytes themselves stay out of the trail; their digest is on it.
        Audit("patients_consentdocument", hidden=["content"]),
    ]
