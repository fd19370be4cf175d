"""The first table of medicines that raise a flag when a patient names them. Additive: old code runs beside it."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from patients.migrations._medicines import MEDICINES


def load(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the rows with the connection that migrates; a name that a doctor has added stays as it is."""
    flag_code = apps.get_model("patients", "FlagCode")
    flag_code.objects.using(editor.connection.alias).bulk_create(
        [
            flag_code(system="medicine", code=name, display=why, kind="interaction")
            for why, names in MEDICINES.items()
            for name in names.split()
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("patients", "0008_structured_conditions")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
