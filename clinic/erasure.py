"""What the audit trail says of one person, erased by law: with the owner's rights, and so that it is seen.

Who did what to which row and when stays, and so does the chain over it; the values before and after, the reasons and
the callers go, and with them the salts, so that no digest can be guessed back (clinic/seals.py).
"""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.db.models import Model

from clinic.models import AuditEvent


def rows_about(start: Model) -> dict[str, set[str]]:
    """The row itself and every row that hangs on it, however far down: keys as text, by table."""
    ours = {model for app in ("clinic", "patients", "scheduling") for model in apps.get_app_config(app).get_models()}
    found: dict[str, set[str]] = {}
    frontier: list[tuple[type[Model], set[Any]]] = [(type(start), {start.pk})]
    while frontier:
        model, keys = frontier.pop()
        known = found.setdefault(model._meta.db_table, set())
        fresh = {key for key in keys if str(key) not in known}
        known |= {str(key) for key in fresh}
        if not fresh:
            continue
        for relation in model._meta.related_objects:
            below = relation.related_model
            if below in ours:
                rows = below._base_manager.filter(**{f"{relation.field.name}__in": fresh})
                frontier.append((below, set(rows.values_list("pk", flat=True))))
    return found


def erase_trail(starts: Iterable[Model], *, reason: str, by: str) -> int:
    """Erase what the trail says of these records and all that hangs on them; how many events. As the owner.

    Leaves one event of its own for each, with the reason and who did it.
    """
    number = 0
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for start in starts:
            cursor.execute("CREATE TEMPORARY TABLE erasing (event bigint PRIMARY KEY) ON COMMIT DROP")
            cursor.execute(
                "INSERT INTO erasing SELECT id FROM clinic_auditevent WHERE patient = %s AND operation <> 'erase'",
                [str(start.pk)],
            )
            for table, keys in rows_about(start).items():
                cursor.execute(
                    'INSERT INTO erasing SELECT id FROM clinic_auditevent WHERE "table" = %s AND "row" = ANY(%s) '
                    "ON CONFLICT DO NOTHING",
                    [table, list(keys)],
                )
            # All of it must have its seal before it goes, else the chain would seal what is no more.
            cursor.execute("SELECT clinic_audit_seal(100000)")
            cursor.execute(
                "UPDATE clinic_auditevent SET before = NULL, after = NULL, reason = '', caller_name = '' "
                "WHERE id IN (SELECT event FROM erasing)"
            )
            number += cursor.rowcount
            cursor.execute("UPDATE clinic_auditseal SET salt = NULL WHERE event IN (SELECT event FROM erasing)")
            cursor.execute(
                'INSERT INTO clinic_auditevent (at, transaction, "table", "row", operation, patient, actor_kind, '
                "actor_id, actor_name, caller_id, caller_name, action, reason, origin, database_role) "
                "VALUES (clock_timestamp(), pg_current_xact_id()::text::bigint, 'clinic_auditevent', '', %s, %s, "
                "'system', %s, %s, '', '', 'erase_trail', %s, 'command', session_user)",
                [AuditEvent.Operation.ERASE, str(start.pk), by, by, reason],
            )
            cursor.execute("DROP TABLE erasing")
    return number
