"""The audit trail: one trigger function in the database, and the migration operation that puts a table under it.

Every write to an audited table, by the application, by a command or by raw SQL, adds a row to `clinic_auditevent`.
The function runs with its owner's rights (SECURITY DEFINER), so the application's role needs none on the trail but
SELECT: it can neither change nor forge nor truncate it, and there is no setting that switches the triggers off.
docs/decisions/audit-trail.md says why this is not django-pghistory.

Who acts is announced per transaction by `clinic.actions.action`; a write outside of any action is recorded with the
database role alone. Where somebody asked for the change by telephone, the trail has the caller beside the actor.
"""

from collections.abc import Sequence

from django.db import migrations

INSTALL_FUNCTION = r"""
CREATE OR REPLACE FUNCTION clinic_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    hidden text[] := TG_ARGV[0]::text[];
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - hidden END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - hidden END;
    whole jsonb := coalesce(new_row, old_row);
    patient uuid := CASE WHEN TG_TABLE_NAME = 'patients_patient' THEN whole ->> 'id' ELSE whole ->> 'patient_id' END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value) INTO old_row, new_row
        FROM jsonb_each(old_row) AS o JOIN jsonb_each(new_row) AS n USING (key)
        WHERE o.value IS DISTINCT FROM n.value;
        IF new_row IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO public.clinic_auditevent (
        at, transaction, "table", "row", operation, patient, before, after,
        actor_kind, actor_id, actor_name, caller_id, caller_name, action, reason, origin, database_role
    ) VALUES (
        clock_timestamp(), pg_current_xact_id()::text::bigint, TG_TABLE_NAME, coalesce(whole ->> 'id', whole ->>
        'key', ''), lower(TG_OP),
        patient, old_row, new_row,
        coalesce(current_setting('clinic.actor_kind', true), ''), coalesce(current_setting('clinic.actor_id', true),
        ''),
        coalesce(current_setting('clinic.actor_name', true), ''),
        coalesce(current_setting('clinic.caller_id', true), ''),
        coalesce(current_setting('clinic.caller_name', true), ''), coalesce(current_setting('clinic.action', true), ''),
        coalesce(current_setting('clinic.reason', true), ''), coalesce(current_setting('clinic.origin', true), ''),
        session_user
    );
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION clinic_audit() FROM PUBLIC;
"""


class Audit(migrations.RunSQL):
    """Put a table under the audit trail; `hidden` columns (secrets) are left out of what it keeps."""

    def __init__(self, table: str, hidden: Sequence[str] = ()) -> None:
        self.table = table
        self.hidden = tuple(hidden)
        columns = "{" + ",".join(hidden) + "}"
        super().__init__(
            sql=(
                f'CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
                f"FOR EACH ROW EXECUTE FUNCTION clinic_audit('{columns}')"
            ),
            reverse_sql=f'DROP TRIGGER audit ON "{table}"',
        )

    def describe(self) -> str:
        """What `migrate --plan` prints."""
        return f"Put {self.table} under the audit trail"
