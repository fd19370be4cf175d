"""Messages after a visit and about a booster's date; fewer where visits are close together; what a provider says later.

A ladder's `days_before` is `days`, since some count after the visit. Not additive: a program of the version before
cannot read the ladder, so web, worker and beat are replaced together.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0017_screening_asked")]

    operations = [
        migrations.RemoveConstraint(
            model_name="ladderstep",
            name="ladder_step_once",
        ),
        migrations.RenameField(model_name="ladderstep", old_name="days_before", new_name="days"),
        migrations.AlterModelOptions(
            name="ladderstep",
            options={"ordering": ["-days", "send_at"]},
        ),
        migrations.AddField(
            model_name="ladderstep",
            name="when_close",
            field=models.BooleanField(default=True, verbose_name="also when visits are close together"),
        ),
        migrations.AddField(
            model_name="protocoltext",
            name="watch_for",
            field=models.TextField(blank=True, verbose_name="when to call"),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="close_days",
            field=models.PositiveSmallIntegerField(
                default=3, verbose_name="visits are close together when so many days apart"
            ),
        ),
        migrations.AlterField(
            model_name="ladderstep",
            name="days",
            field=models.PositiveSmallIntegerField(verbose_name="days before or after the visit"),
        ),
        migrations.AlterField(
            model_name="ladderstep",
            name="send_at",
            field=models.TimeField(blank=True, null=True, verbose_name="local time"),
        ),
        migrations.AlterField(
            model_name="messageattempt",
            name="result",
            field=models.CharField(
                choices=[
                    ("accepted", "accepted"),
                    ("refused", "refused for good"),
                    ("temporary", "refused for now"),
                    ("unknown", "connection lost, outcome unknown"),
                    ("handed", "handed to a person"),
                    ("delivered", "arrived"),
                    ("bounced", "came back"),
                    ("complaint", "reported as unwanted"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="messageattempt",
            index=models.Index(
                condition=models.Q(("result", "accepted"), models.Q(("detail", ""), _negated=True)),
                fields=["detail"],
                name="attempt_by_providers_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.UniqueConstraint(
                models.F("version"), models.F("kind"), models.F("days"), name="ladder_step_once"
            ),
        ),
    ]
