"""What to take and what not, in the doctor's words, apart from the steps that stand in every mail.

Until now both stood in one text, so what is there counts as the doctor's: it is read behind the birth date from now on.
What is not the doctor's a manager puts back into the steps, as a new version of the protocol.

Not additive: until it is replaced, a program of the version before can save no protocol, since the database gives the
new columns no value of their own.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0018_ladder_and_receipts")]

    operations = [
        migrations.AddField(
            model_name="protocoltext",
            name="medicines",
            field=models.TextField(blank=True, verbose_name="what to take and what not"),
        ),
        migrations.RunSQL(
            "UPDATE scheduling_protocoltext SET medicines = preparation, preparation = '' WHERE preparation <> ''",
            "UPDATE scheduling_protocoltext SET preparation = trim(both E'\\n' from preparation || E'\\n' || medicines)",
        ),
    ]
