"""The verbs that write about people: keyword-only, `by=` an actor, atomic, audited."""

from patients.actions.answers import acknowledge_alert, answer_questionnaire, end_treatment, note_treatment
from patients.actions.asking import ask_for_consult
from patients.actions.authorising import authorise_sessions, withdraw_authorisation
from patients.actions.checks import home_site
from patients.actions.codes import add_flag_code, remove_flag_code
from patients.actions.consents import add_consent_form, add_scan, record_consent, sign_consent, withdraw_consent
from patients.actions.contacts import add_contact, change_contact
from patients.actions.decisions import DIASTOLIC_LIMITS, SYSTOLIC_LIMITS, Terms, decide_clearance, tick_letter
from patients.actions.findings import record_observation, record_own_score, record_screening
from patients.actions.merging import merge_patients
from patients.actions.people import change_patient, record_death, register_patient
from patients.actions.questionnaires import QuestionText, publish_questionnaire

__all__ = [
    "DIASTOLIC_LIMITS",
    "SYSTOLIC_LIMITS",
    "QuestionText",
    "Terms",
    "acknowledge_alert",
    "add_consent_form",
    "add_contact",
    "add_flag_code",
    "add_scan",
    "answer_questionnaire",
    "ask_for_consult",
    "authorise_sessions",
    "change_contact",
    "change_patient",
    "decide_clearance",
    "end_treatment",
    "home_site",
    "merge_patients",
    "note_treatment",
    "publish_questionnaire",
    "record_consent",
    "record_death",
    "record_observation",
    "record_own_score",
    "record_screening",
    "register_patient",
    "remove_flag_code",
    "sign_consent",
    "tick_letter",
    "withdraw_authorisation",
    "withdraw_consent",
]
