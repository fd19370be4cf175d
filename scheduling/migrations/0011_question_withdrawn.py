"""A question to a doctor can be withdrawn.

Additive: old code runs beside it.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0005_offers_of_earlier_times"),
        ("scheduling", "0010_earlier_times"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="question",
            name="question_answered_for_a_reason",
        ),
        migrations.AlterField(
            model_name="question",
            name="answer",
            field=models.CharField(
                blank=True,
                choices=[
                    ("go_ahead", "go ahead"),
                    ("not_today", "not today"),
                    ("suspend", "treatment suspended"),
                    ("no", "no"),
                    ("seen", "seen"),
                    ("withdrawn", "no longer needed"),
                ],
                max_length=9,
                verbose_name="answer",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answer__in", ["", "seen", "withdrawn"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="question_answered_for_a_reason",
            ),
        ),
    ]
