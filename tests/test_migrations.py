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
#: Each migration says in its docstring whether a program of the version before runs beside it; where not, what follows.
ADDITIVE, NOT_ADDITIVE = "Additive", "Not additive"
#: What Django writes may be longer (ruff looks at no line of a migration), a docstring not.
LONGEST_LINE = 120
#: Its rows are written by a function of the database, which is renewed together with its columns.
WRITTEN_BY_THE_DATABASE = "auditevent"


def faults(operations: list[Any], module: ModuleType) -> list[str]:
    """What is wrong with one migration, in words."""
    said = (module.__doc__ or "").strip()
    found = []
    new = {one.name_lower for one in operations if isinstance(one, migrations.CreateModel)}
    if any(len(line) > LONGEST_LINE for line in f'"""{module.__doc__}'.splitlines()):
        found.append("a line of the docstring is too long")
    if ADDITIVE not in said and NOT_ADDITIVE not in said:
        found.append("no word about the version before")
    for one in operations:
        if isinstance(one, BREAKS) and NOT_ADDITIVE not in said:
            found.append(f"{type(one).__name__} is not additive")
        if isinstance(one, migrations.AddField) and one.model_name_lower not in new:
            known = one.model_name_lower == WRITTEN_BY_THE_DATABASE
            if _has_no_value(one.field):
                found.append(f"{one.model_name}.{one.name} is not null, and rows that are there have no value for it")
            elif _is_asked_of_old_code(one.field) and NOT_ADDITIVE not in said and not known:
                found.append(f"{one.model_name}.{one.name} has no db_default: old code can add no row")
        if isinstance(one, migrations.SeparateDatabaseAndState):
            found.append("SeparateDatabaseAndState hides what it does")
    return found


def _has_no_value(field: Any) -> bool:
    has_one = field.has_default() or field.has_db_default() or (field.blank and field.empty_strings_allowed)
    return not (field.null or has_one or isinstance(field, models.ManyToManyField))


def _is_asked_of_old_code(field: Any) -> bool:
    """Django gives rows that are there its default and takes it away again: who does not know the column cannot add."""
    return not (field.null or field.has_db_default() or isinstance(field, models.ManyToManyField))


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


ALONE = "has no db_default"
LONG = f"Additive: {'old code ' * 13}runs."


@pytest.mark.parametrize(
    ("said", "operation", "fault"),
    [
        (None, migrations.RunPython(migrations.RunPython.noop), "no word"),
        (LONG, migrations.RunPython(migrations.RunPython.noop), "too long"),
        ("Additive.", migrations.RemoveField("patient", "note"), "RemoveField"),
        ("Additive.", migrations.RenameField("patient", "note", "notes"), "RenameField"),
        ("Additive.", migrations.DeleteModel("Patient"), "DeleteModel"),
        ("Not additive: x.", migrations.AddField("patient", "nick", models.CharField(max_length=9)), "no value for it"),
        ("Additive.", migrations.AddField("patient", "nick", models.CharField(max_length=9, default="")), ALONE),
        ("Additive.", migrations.AddField("patient", "nick", models.CharField(max_length=9, blank=True)), ALONE),
    ],
)
def test_the_lint_sees_it(said: str | None, operation: Operation, fault: str) -> None:
    (found,) = faults([operation], ModuleType("one", said))
    assert fault in found


@pytest.mark.parametrize(
    "field",
    [
        models.CharField(max_length=9, null=True),
        models.CharField(max_length=9, db_default=""),
        models.BooleanField(default=False, db_default=False),
    ],
)
def test_what_old_code_can_do_without_is_additive(field: Any) -> None:
    assert faults([migrations.AddField("patient", "nick", field)], ModuleType("one", "Additive.")) == []
