"""Roles, permissions, and the one table that ties them. A person may hold several roles and has the permissions of
all."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a staff member does here (FHIR PractitionerRole.code)."""

    FRONT_DESK = "front_desk", _("front desk")
    NURSE = "nurse", _("nurse")
    DOCTOR = "doctor", _("doctor")
    MANAGER = "manager", _("manager")
    SUPPORT = "support", _("support")


class Permission(TextChoices):
    """What a view or an action asks for."""

    VIEW_SCHEDULE = "view_schedule", _("see the day board and the visits")
    BOOK = "book", _("book, move and cancel visits")
    SHIFT_LATER = "shift_later", _("start a visit later today that another is in the way of")
    WORK_CALLS = "work_calls", _("work the call list and read the messages sent")
    VIEW_PATIENTS = "view_patients", _("find patients and see how to reach them")
    EDIT_PATIENTS = "edit_patients", _("add and change patients and their contacts")
    IMPORT_PATIENTS = "import_patients", _("import patients from files")
    VIEW_CLINICAL = "view_clinical", _("see screening answers, flags, scores and conditions")
    RUN_VISIT = "run_visit", _("start, watch and end a visit")
    REPLAN_LOST = "replan_lost", _("plan a lost infusion or booster anew")
    ORDER = "order", _("write orders, and answer what is asked at the chair")
    RECORD_ARRIVAL = "record_arrival", _("record that a patient has arrived")
    RECORD_CONSENT = "record_consent", _("record a signed consent")
    DECIDE_CLEARANCE = "decide_clearance", _("clear or refuse a patient")
    SET_BOOSTERS = "set_boosters", _("set how often boosters come")
    SET_COURSE = "set_course", _("change the number and spacing of a running series")
    WAIVE_RIDE = "waive_ride", _("waive the ride home, with a reason")
    MANAGE_CLINIC = "manage_clinic", _("change sites, chairs, staff, shifts and protocols")
    VIEW_AUDIT = "view_audit", _("search the audit trail")
    BREAK_GLASS = "break_glass", _("open another site's record in an emergency, with a reason")
    LOOK_AFTER = "look_after", _("look at rows for support, without names or health data, and change none")


P = Permission
#: Whoever sees an overrun may shift whom it hits.
_EVERYBODY = {P.VIEW_SCHEDULE, P.VIEW_PATIENTS, P.SHIFT_LATER}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.FRONT_DESK: frozenset(
        _EVERYBODY
        | {P.BOOK, P.WORK_CALLS, P.EDIT_PATIENTS, P.IMPORT_PATIENTS, P.RECORD_ARRIVAL, P.RECORD_CONSENT}
        | {P.REPLAN_LOST}
    ),
    Role.NURSE: frozenset(
        _EVERYBODY
        | {P.WORK_CALLS, P.EDIT_PATIENTS, P.VIEW_CLINICAL, P.RECORD_ARRIVAL, P.RECORD_CONSENT, P.RUN_VISIT}
        | {P.REPLAN_LOST}
        | {P.BREAK_GLASS}
    ),
    Role.DOCTOR: frozenset(
        _EVERYBODY
        | {P.BOOK, P.WORK_CALLS, P.EDIT_PATIENTS, P.VIEW_CLINICAL, P.RECORD_ARRIVAL, P.RECORD_CONSENT, P.RUN_VISIT}
        | {P.DECIDE_CLEARANCE, P.SET_BOOSTERS, P.SET_COURSE, P.WAIVE_RIDE, P.ORDER, P.REPLAN_LOST}
        | {P.BREAK_GLASS}
    ),
    # A manager runs the clinic and sees that it works; health data is not hers to read.
    Role.MANAGER: frozenset(
        _EVERYBODY
        | {P.BOOK, P.WORK_CALLS, P.EDIT_PATIENTS, P.IMPORT_PATIENTS, P.MANAGE_CLINIC, P.VIEW_AUDIT, P.REPLAN_LOST}
    ),
    # Whoever keeps the program running need not know who comes here, nor what for.
    Role.SUPPORT: frozenset({P.LOOK_AFTER}),
}
