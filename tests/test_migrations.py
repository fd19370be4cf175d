"""Migrations are linted: what an old program beside a new one would trip over must be spoken of in the migration."""

from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

OURS = {"clinic", "patients", "scheduling"}
#: The first release: nothing runs beside what these make.
FIRST = ("0001_", "0002_")
#: What breaks a program of the version before while both run.
BREAKS: tuple[type[Operation], ...] = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
#: Either word in the docstring of the module, with what follows from it.
SAID = ("Additive", "Not additive")


def faults(operations: list[Any], module: ModuleType) -> list[str]:
    """What is wrong with one migration, in words."""
    said = (module.__doc__ or "").strip()
    found = []
    new = {one.name_lower for one in operations if isinstance(one, migrations.CreateModel)}
    for one in operations:
        if isinstance(one, BREAKS) and not any(word in said for word in SAID):
            found.append(f"{type(one).__name__} without a word about the version before")
        if isinstance(one, migrations.RunPython) and not said:
            found.append("RunPython without a word of what it does")
        if isinstance(one, migrations.AddField) and one.model_name_lower not in new and _needs_a_value(one.field):
            found.append(f"{one.model_name}.{one.name} is not null and has no default")
        if isinstance(one, migrations.SeparateDatabaseAndState):
            found.append("SeparateDatabaseAndState hides what it does")
    return found


def _needs_a_value(field: Any) -> bool:
    has_one = field.has_default() or field.has_db_default() or (field.blank and field.empty_strings_allowed)
    return not (field.null or has_one or isinstance(field, models.ManyToManyField))


def test_no_migration_breaks_the_version_before_without_saying_so() -> None:
    loader = MigrationLoader(None)
    wrong = {}
    for (app, name), migration in loader.disk_migrations.items():
        if app in OURS and not name.startswith(FIRST):
            module = __import__(f"{app}.migrations.{name}", fromlist=["Migration"])
            if found := faults(list(migration.operations), module):
                wrong[f"{app}.{name}"] = found

    assert wrong == {}
    assert len(list(apps.get_app_configs())) > 3


def test_each_app_has_one_last_migration() -> None:
    assert MigrationLoader(None).detect_conflicts() == {}


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("patient", "note"),
        migrations.RenameField("patient", "note", "notes"),
        migrations.DeleteModel("Patient"),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.AddField("patient", "nick", models.CharField(max_length=9)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_the_lint_sees_it(operation: Operation) -> None:
    assert len(faults([operation], ModuleType("silent"))) == 1
