"""The verbs that write about people: keyword-only, `by=` an actor, atomic, audited."""

from patients.actions.checks import home_site
from patients.actions.contacts import add_contact, change_contact
from patients.actions.decisions import decide_clearance, record_consent, withdraw_consent
from patients.actions.findings import add_flag_code, record_observation, record_screening
from patients.actions.merging import merge_patients
from patients.actions.people import change_patient, record_death, register_patient

__all__ = [
    "add_contact",
    "add_flag_code",
    "change_contact",
    "change_patient",
    "decide_clearance",
    "home_site",
    "merge_patients",
    "record_consent",
    "record_death",
    "record_observation",
    "record_screening",
    "register_patient",
    "withdraw_consent",
]
