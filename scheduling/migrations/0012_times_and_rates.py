"""Words only: which times can be corrected, and how a dose differs from its order.

Additive: old code runs beside it.
"""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0011_question_withdrawn"),
    ]

    operations = [
        migrations.AlterField(
            model_name="dose",
            name="marks",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("no_order", "no order was written"),
                        ("drug", "not the drug that was ordered"),
                        ("other", "not among the other medicines that were ordered"),
                        ("route", "not by the route that was ordered"),
                        ("unit", "in another unit than ordered, so not compared"),
                        ("below", "less than ordered"),
                        ("above", "more than ordered"),
                        ("rate", "its rate is not written as it was ordered"),
                        ("no_rate", "its rate was ordered and is not recorded"),
                    ],
                    max_length=8,
                ),
                blank=True,
                default=list,
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="timecorrection",
            name="stamp",
            field=models.CharField(
                choices=[
                    ("arrived", "arrived"),
                    ("started", "started"),
                    ("recovery", "in recovery since"),
                    ("ended", "ended"),
                    ("reading", "a reading"),
                    ("dose", "a medicine given"),
                    ("paused", "drip paused"),
                    ("resumed", "drip went on"),
                    ("effect", "a side effect"),
                    ("event", "an adverse event"),
                    ("told", "a doctor was told"),
                ],
                max_length=8,
                verbose_name="which time",
            ),
        ),
    ]
