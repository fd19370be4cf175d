"""Search by a part of a name, accents and case left out: an immutable function, and a trigram index over it. Additive.

Making the index locks the table for writing; on a big table it would be made concurrently in a migration of its own.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_reference_data"), ("clinic", "0001_initial")]

    operations = [
        # unaccent() alone is only stable, since its dictionary could change; naming the dictionary makes it safe to
        # index.
        migrations.RunSQL(
            """
            CREATE FUNCTION patients_plain(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
            AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, words)) $$
            """,
            "DROP FUNCTION patients_plain(text)",
        ),
        migrations.RunSQL(
            """
            CREATE INDEX patient_name_search ON patients_patient
            USING gin (patients_plain(given_name || ' ' || family_name) public.gin_trgm_ops)
            """,
            "DROP INDEX patient_name_search",
        ),
        migrations.RunSQL(
            "CREATE INDEX patient_phone_search ON patients_patient USING gin (phone public.gin_trgm_ops)",
            "DROP INDEX patient_phone_search",
        ),
    ]
