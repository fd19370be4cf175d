"""The first table of codes that raise flags, and version 1 of the screening questions. Additive: old code runs beside
it."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from patients.migrations._flag_codes import CODES, SNOMED
from patients.migrations._questionnaire_1 import QUESTIONS


def load(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the rows with the connection that migrates."""
    using = editor.connection.alias
    flag_code = apps.get_model("patients", "FlagCode")
    flag_code.objects.using(using).bulk_create(
        flag_code(system=SNOMED, code=code, display=display, kind=kind, when_resolved=when_resolved)
        for kind, when_resolved, codes in CODES
        for code, display in codes.items()
    )
    apps.get_model("patients", "Questionnaire").objects.using(using).create(
        version=1,
        is_current=True,
        questions=[{"id": name, "flag": flag, "text": {"en": en, "es": es}} for name, flag, en, es in QUESTIONS],
    )


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_audit")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
