"""A consent is signed on a tablet that was handed over, by whom is kept. Additive: old code runs beside it. Without an
index, since nobody asks by whom."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PURPOSES = [
    ("patient", "the patient's page"),
    ("companion", "the companion's page"),
    ("screening", "the screening questionnaire"),
    ("scores", "a questionnaire on the clinic's tablet"),
    ("consent", "a consent to sign on the clinic's tablet"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0024_a_tablet_for_scores"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "link",
            "handed_by",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField("link", "purpose", models.CharField(choices=PURPOSES, max_length=9)),
    ]
