"""The table of medicines as their sources say: what is claimed of lamotrigine and sleeping pills was too much, and
thyroid hormones were missing. A row that a doctor has worded anew stays as it is. Additive: old code runs beside it."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from patients.migrations._medicines import MEDICINES

#: What stood there before.
BEFORE = (
    "a benzodiazepine or sleeping pill; deep sedation, and a weaker effect",
    "may weaken the effect",
)


def check(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the new words and rows with the connection that migrates."""
    rows = apps.get_model("patients", "FlagCode").objects.using(editor.connection.alias)
    for why, names in MEDICINES.items():
        rows.filter(system="medicine", code__in=names.split(), display__in=BEFORE).update(display=why)
        rows.bulk_create(
            [rows.model(system="medicine", code=name, display=why, kind="interaction") for name in names.split()],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):
    dependencies = [("patients", "0012_what_pages_count")]

    operations = [migrations.RunPython(check, migrations.RunPython.noop)]
