"""What the application's database role may do, granted by the owner after every migration.

It reads and writes rows, and nothing else: it owns no table, cannot truncate, cannot touch a trigger, and of the
audit trail it may only read: what it adds there goes through triggers and functions with their owner's rights.
"""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connections
from psycopg2 import sql

from clinic import seals

#: The admin's own log: support's site changes nothing, so that nobody has anything to write there.
READ_ONLY_TABLES = ("clinic_auditevent", "clinic_auditseal", "django_migrations", "django_admin_log")


def grant_to_application(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Receiver of post_migrate: run as owner, bring the application role's rights up to date."""
    connection = connections[using]
    role = str(settings.DATABASES["default"].get("USER") or "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
        if not role or role == owner:
            return
        name = sql.Identifier(role)
        cursor.execute(
            sql.SQL(
                "GRANT USAGE ON SCHEMA public TO {role};"
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};"
            ).format(role=name)
        )
        present = set(connection.introspection.table_names(cursor))
        for table in READ_ONLY_TABLES:
            if table in present:
                cursor.execute(
                    sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(
                        table=sql.Identifier(table), role=name
                    )
                )
        if "clinic_auditseal" in present:
            for function in seals.FUNCTIONS:
                cursor.execute(
                    sql.SQL("GRANT EXECUTE ON FUNCTION {function} TO {role}").format(
                        function=sql.SQL(function), role=name
                    )
                )
