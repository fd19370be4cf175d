"""The first version of the audit trail's trigger function, as migration 0002 installed it."""

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
        actor_kind, actor_id, actor_name, action, reason, origin, database_role
    ) VALUES (
        clock_timestamp(), pg_current_xact_id()::text::bigint, TG_TABLE_NAME, coalesce(whole ->> 'id', whole ->>
        'key', ''), lower(TG_OP),
        patient, old_row, new_row,
        coalesce(current_setting('clinic.actor_kind', true), ''), coalesce(current_setting('clinic.actor_id', true),
        ''),
        coalesce(current_setting('clinic.actor_name', true), ''), coalesce(current_setting('clinic.action', true), ''),
        coalesce(current_setting('clinic.reason', true), ''), coalesce(current_setting('clinic.origin', true), ''),
        session_user
    );
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION clinic_audit() FROM PUBLIC;
"""
