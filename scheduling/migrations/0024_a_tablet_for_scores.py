"""A tablet handed over for scores opens one questionnaire. Additive: old code runs beside it."""

from django.db import migrations, models
from django.db.models import Q

PURPOSES = [
    ("patient", "the patient's page"),
    ("companion", "the companion's page"),
    ("screening", "the screening questionnaire"),
    ("scores", "a questionnaire on the clinic's tablet"),
]


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0023_visits_still_open")]

    operations = [
        migrations.AddField("link", "measure", models.CharField(blank=True, db_default="", max_length=10)),
        migrations.AlterField("link", "purpose", models.CharField(choices=PURPOSES, max_length=9)),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=Q(purpose="scores") & ~Q(measure="") | ~Q(purpose="scores") & Q(measure=""),
                name="link_for_scores_names_the_questionnaire",
            ),
        ),
    ]
