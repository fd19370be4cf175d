"""A site's own wording of messages.

Additive: old code runs beside it.
"""

import django.db.models.deletion
from django.db import migrations, models

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0004_set_up"),
        ("scheduling", "0007_visit_live"),
    ]

    operations = [
        migrations.CreateModel(
            name="SiteWording",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(blank=True, max_length=24, verbose_name="about")),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("es", "Spanish")], max_length=5, verbose_name="language"
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=120, verbose_name="subject")),
                ("opening", models.TextField(blank=True, max_length=600, verbose_name="said after the greeting")),
                ("closing", models.TextField(blank=True, max_length=600, verbose_name="said at the end")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="wordings", to="clinic.site"
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "language"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("site"), models.F("kind"), models.F("language"), name="site_wording_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("subject", ""), _negated=True),
                            models.Q(("opening", ""), _negated=True),
                            models.Q(("closing", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="site_wording_of_some_words",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("kind", ""), _negated=True), ("subject", ""), _connector="OR"),
                        name="site_wording_subject_of_one_kind",
                    ),
                ],
            },
        ),
        Audit("scheduling_sitewording"),
    ]
