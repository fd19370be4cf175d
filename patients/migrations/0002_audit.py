"""Puts every table about people under the audit trail."""

from django.db import migrations

from clinic.audit import Audit


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("clinic", "0002_audit")]

    operations = [
        Audit("patients_patient"),
        Audit("patients_patient_sites"),
        Audit("patients_patientidentifier"),
        Audit("patients_contact"),
        Audit("patients_importedfield"),
        Audit("patients_authorisation"),
        Audit("patients_consultrequest"),
        Audit("patients_questionnaire"),
        Audit("patients_screening"),
        Audit("patients_condition"),
        Audit("patients_flagcode"),
        Audit("patients_flag"),
        Audit("patients_clearance"),
        Audit("patients_consent"),
        Audit("patients_observation"),
    ]
