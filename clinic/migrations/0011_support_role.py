"""One role more. Additive: nothing changes in the database, which knows roles as words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0010_openings")]

    operations = [
        migrations.AlterField(
            model_name="staffrole",
            name="role",
            field=models.CharField(
                choices=[
                    ("front_desk", "front desk"),
                    ("nurse", "nurse"),
                    ("doctor", "doctor"),
                    ("manager", "manager"),
                    ("support", "support"),
                ],
                max_length=12,
                verbose_name="role",
            ),
        ),
    ]
