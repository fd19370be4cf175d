"""The people: patients, who stands by them, what speaks for and against treating them, and how they do."""

from patients.models.answers import AlertNotice, OtherTreatment, SafetyAlert, ScoreSheet
from patients.models.authorisation import Authorisation
from patients.models.clearance import MOST_EXTRA_WATCH, Clearance
from patients.models.consent import Consent, ConsentDocument, ConsentForm
from patients.models.emergency import EmergencyAccess
from patients.models.observation import RANGES, SCORES, Measure, Observation
from patients.models.patient import (
    Channel,
    Contact,
    ImportedField,
    Language,
    Patient,
    PatientIdentifier,
    Sex,
)
from patients.models.screening import (
    Condition,
    ConsultRequest,
    Flag,
    FlagCode,
    FlagKind,
    Questionnaire,
    Screening,
)

__all__ = [
    "MOST_EXTRA_WATCH",
    "RANGES",
    "SCORES",
    "AlertNotice",
    "Authorisation",
    "Channel",
    "Clearance",
    "Condition",
    "Consent",
    "ConsentDocument",
    "ConsentForm",
    "ConsultRequest",
    "Contact",
    "EmergencyAccess",
    "Flag",
    "FlagCode",
    "FlagKind",
    "ImportedField",
    "Language",
    "Measure",
    "Observation",
    "OtherTreatment",
    "Patient",
    "PatientIdentifier",
    "Questionnaire",
    "SafetyAlert",
    "ScoreSheet",
    "Screening",
    "Sex",
]
