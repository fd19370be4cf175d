"""Addresses of the patients' pages."""

from django.urls import path

from scheduling.desk import (
    emergency,
    patients,
    patients_clinical,
    patients_consents,
    patients_edit,
    patients_import,
    patients_merge,
    patients_sessions,
)

urlpatterns = [
    path("patients/elsewhere/", emergency.emergency, name="emergency"),
    path("patients/elsewhere/<uuid:patient>/", emergency.emergency_record, name="emergency_record"),
    path("patients/", patients.patients, name="patients"),
    path("patients/new/", patients_edit.new, name="patient_new"),
    path("patients/import/", patients_import.import_files, name="patient_import"),
    path("patients/<uuid:pk>/", patients.patient, name="patient"),
    path("patients/<uuid:pk>/edit/", patients_edit.edit, name="patient_edit"),
    path("patients/<uuid:pk>/merge/", patients_merge.merge, name="patient_merge"),
    path("patients/<uuid:pk>/death/", patients_edit.death, name="patient_death"),
    path("patients/<uuid:pk>/contacts/new/", patients_edit.new_contact, name="contact_new"),
    path("patients/<uuid:pk>/contacts/<uuid:contact>/", patients_edit.edit_contact, name="contact_edit"),
    path("patients/<uuid:pk>/screening/", patients_clinical.screening, name="patient_screening"),
    path("patients/<uuid:pk>/screening/ask/", patients_clinical.ask_screening, name="patient_screening_ask"),
    path("patients/<uuid:pk>/screening/tablet/", patients_clinical.screening_tablet, name="patient_screening_tablet"),
    path("patients/consent-texts/", patients_consents.texts, name="consent_texts"),
    path("patients/<uuid:pk>/consent/", patients_consents.consent, name="patient_consent"),
    path("patients/<uuid:pk>/consent/sign/", patients_consents.sign, name="consent_sign"),
    path("patients/<uuid:pk>/consent/<uuid:consent>/scan/", patients_consents.scan, name="consent_scan"),
    path("patients/<uuid:pk>/consent/<uuid:consent>/document/", patients_consents.document, name="consent_document"),
    path(
        "patients/<uuid:pk>/consent/<uuid:consent>/withdraw/",
        patients_consents.withdraw_consent,
        name="consent_withdraw",
    ),
    path("patients/<uuid:pk>/sessions/", patients_sessions.new_sessions, name="patient_sessions"),
    path(
        "patients/<uuid:pk>/sessions/<uuid:authorisation>/withdraw/",
        patients_sessions.withdraw_sessions,
        name="patient_sessions_withdraw",
    ),
]
