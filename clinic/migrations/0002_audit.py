"""Puts the clinic's tables under the audit trail. Heartbeats and idempotency keys are machinery, not history, and stay
out.
"""

from django.db import migrations

from clinic.audit import Audit
from clinic.migrations._audit_1 import INSTALL_FUNCTION


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]

    operations = [
        migrations.RunSQL(INSTALL_FUNCTION, "DROP FUNCTION clinic_audit()"),
        Audit("clinic_user", hidden=["password", "last_login"]),
        Audit("clinic_site"),
        Audit("clinic_openinghours"),
        Audit("clinic_closure"),
        Audit("clinic_resource"),
        Audit("clinic_staffmember"),
        Audit("clinic_staffmember_sites"),
        Audit("clinic_staffrole"),
        Audit("clinic_shift"),
        Audit("clinic_shiftexception"),
    ]
