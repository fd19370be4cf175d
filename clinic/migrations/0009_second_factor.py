"""Second factors come under the audit trail; their secrets stay out of it. Additive: old code runs beside it."""

from django.db import migrations

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [("clinic", "0008_site_patients_move"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [Audit("mfa_authenticator", hidden=["data", "last_used_at"])]
