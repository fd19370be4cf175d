"""Conditions of a clearance that the program acts on become columns.

Not additive: until it is replaced, a program of the version before can write down no clearance, since the database
gives the new columns no value of their own.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0005_offers_of_earlier_times"),
        ("patients", "0007_patient_essential_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="clearance",
            name="clearance_conditions_are_named",
        ),
        migrations.AddField(
            model_name="clearance",
            name="diastolic_limit",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="diastolic pressure, at most (mmHg)"
            ),
        ),
        migrations.AddField(
            model_name="clearance",
            name="extra_watch",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="extra watch units"),
        ),
        migrations.AddField(
            model_name="clearance",
            name="letter_from",
            field=models.CharField(blank=True, max_length=120, verbose_name="a letter is needed from"),
        ),
        migrations.AddField(
            model_name="clearance",
            name="letter_seen_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clearance",
            name="letter_seen_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="clearance",
            name="needs_bed",
            field=models.BooleanField(default=False, verbose_name="a bed instead of a recliner"),
        ),
        migrations.AddField(
            model_name="clearance",
            name="systolic_limit",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="systolic pressure, at most (mmHg)"
            ),
        ),
        migrations.AddIndex(
            model_name="clearance",
            index=models.Index(
                condition=models.Q(("needs_bed", True), ("extra_watch__gt", 0), _connector="OR"),
                fields=["patient"],
                name="clearance_with_needs",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decision", "conditions"), _negated=True),
                    models.Q(("conditions", ""), _negated=True),
                    ("needs_bed", True),
                    ("extra_watch__gt", 0),
                    ("systolic_limit__isnull", False),
                    ("diastolic_limit__isnull", False),
                    models.Q(("letter_from", ""), _negated=True),
                    _connector="OR",
                ),
                name="clearance_conditions_are_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decision", "conditions"),
                    models.Q(
                        ("needs_bed", True),
                        ("extra_watch__gt", 0),
                        ("systolic_limit__isnull", False),
                        ("diastolic_limit__isnull", False),
                        models.Q(("letter_from", ""), _negated=True),
                        _connector="OR",
                        _negated=True,
                    ),
                    _connector="OR",
                ),
                name="clearance_conditions_with_a_conditional_yes",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearance",
            constraint=models.CheckConstraint(
                condition=models.Q(("extra_watch__lte", 3)), name="clearance_extra_watch_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="clearance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("systolic_limit__isnull", True),
                    ("diastolic_limit__isnull", True),
                    ("systolic_limit__gt", models.F("diastolic_limit")),
                    _connector="OR",
                ),
                name="clearance_limits_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("letter_seen_at__isnull", True), models.Q(("letter_from", ""), _negated=True), _connector="OR"
                ),
                name="clearance_letter_seen_was_asked_for",
            ),
        ),
    ]
