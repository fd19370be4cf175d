"""Calls that are to be made later, and what came of those about a ride.

Not additive: until it is replaced, a program of the version before can book no visit that needs a ride, since the
database gives the new columns no value of their own.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0002_audit"),
        ("patients", "0004_search"),
        ("scheduling", "0005_change_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="call_after",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ride",
            name="call_after",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ride",
            name="call_note",
            field=models.TextField(blank=True, verbose_name="note"),
        ),
        migrations.AddField(
            model_name="ride",
            name="call_outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reached", "reached; they see to it"),
                    ("no_answer", "no answer"),
                    ("calls_back", "will call back"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="ride",
            name="called_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ride",
            name="called_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="ride",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("call_after__isnull", True), ("call_outcome", ""), ("called_at__isnull", True)),
                    models.Q(models.Q(("call_outcome", ""), _negated=True), ("called_at__isnull", False)),
                    _connector="OR",
                ),
                name="ride_call_has_an_outcome",
            ),
        ),
    ]
