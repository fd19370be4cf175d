"""What is written down of a visit that is over already, what of it cannot be true, and what follows from it: shared by
the visit that nobody had booked (past_visit.py) and the one that nobody had closed (afterwards.py).
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from clinic import clock
from clinic.errors import Refused
from clinic.models import Resource, Site, StaffMember
from patients.models import Clearance, Consent, Contact, Patient
from patients.selectors import covers
from scheduling.actions import rides
from scheduling.endings import DISCHARGED, RULES
from scheduling.messages import ledger, news
from scheduling.models import Appointment, Ending, ProtocolVersion
from scheduling.selectors.drivers import why_not
from scheduling.selectors.series_rules import date_words, local_day
from scheduling.when import time_words

#: How the reason begins of what was written down later than it happened.
AFTERWARDS = "Entered afterwards: {reason}"


@dataclass(frozen=True, slots=True)
class Happened:
    """What is known about the visit. Times are aware; `started` and `recovery` are empty where nothing was started.

    `without`: why it was started without a valid clearance or consent; `reason`: why it is entered only now.
    """

    arrived: datetime
    ended: datetime
    ending: Ending
    reason: str
    started: datetime | None = None
    recovery: datetime | None = None
    doctor: StaffMember | None = None
    nurse: StaffMember | None = None
    chair: Resource | None = None
    handed_to: Contact | None = None
    doctor_told: StaffMember | None = None
    without: str = ""
    note: str = ""

    @property
    def times(self) -> list[tuple[str, datetime]]:
        """The fields with their times, in the order in which they happen."""
        given = [
            ("arrived", self.arrived),
            ("started", self.started),
            ("recovery", self.recovery),
            ("ended", self.ended),
        ]
        return [(name, moment) for name, moment in given if moment is not None]

    @property
    def whole_note(self) -> str:
        """The note, and why the drip was started without what is asked for."""
        said = [self.note.strip()]
        if self.without.strip():
            said.append(f"Started without what was asked for: {self.without.strip()}")
        return "\n".join(one for one in said if one)


def entered_afterwards(reason: str) -> str:
    """The reason as the visit keeps it. Raises Refused where none is given."""
    if not reason.strip():
        raise Refused("Say why the visit is entered only now; it is kept with it.", field="reason")
    return AFTERWARDS.format(reason=reason.strip())


def check_times(site: Site, day: date, happened: Happened) -> None:
    """All of them lie on that local day of the site, have passed, and come one after the other; else Refused."""
    now, before = clock.now(), None
    for name, moment in happened.times:
        if moment > now:
            here = f"it is {time_words(now, site.zone)} at {site.name}"
            raise Refused(f"That time has not come yet: {here}. Nothing was written.", field=name)
        if local_day(moment, site) != day:
            raise Refused(f"Only what happened on {date_words(day)} is entered here. Nothing was written.", field=name)
        if before is not None and moment < before:
            raise Refused(
                f"{time_words(moment, site.zone)} comes before {time_words(before, site.zone)}, the time above it. "
                "Nothing was written; correct one of them.",
                field=name,
            )
        before = moment


def check_ending(version: ProtocolVersion, happened: Happened, *, is_consult: bool, waived: bool = False) -> None:
    """The ending goes with the times, and whoever must be named for it is. `waived`: a doctor let the patient go
    without a companion. Raises Refused with the field at fault.
    """
    ending, rule = happened.ending, RULES[happened.ending]
    if ending in {Ending.NO_SHOW, Ending.CANCELLED}:
        raise Refused("A visit that did not take place is not entered here. Nothing was written.", field="ending")
    if rule.tells_doctor and happened.doctor_told is None:
        raise Refused("Name the doctor who was told. Nothing was written.", field="doctor_told")
    if is_consult:
        return
    if rule.after_start is True and happened.started is None:
        raise Refused(f"“{ending.label}” follows a start: say when it was. Nothing was written.", field="started")
    if rule.after_start is False and happened.started is not None:
        raise Refused(f"It was started, so it cannot be “{ending.label}”. Nothing was written.", field="ending")
    if ending in DISCHARGED and version.needs_ride and happened.handed_to is None and not waived:
        raise Refused(
            "Name the adult who took the patient home; if nobody did, the ending is “left alone against advice”. "
            "Nothing was written.",
            field="handed_to",
        )


def check_gates(patient: Patient, site: Site, version: ProtocolVersion, happened: Happened) -> None:
    """What was missing when it was started is said, with the reason; else Refused."""
    if happened.started is None or happened.without.strip():
        return
    missing = missing_then(patient, site, version, local_day(happened.started, site))
    if missing:
        raise Refused(
            f"It was started without {' and '.join(missing)}. Say why; it is kept with the visit.", field="without"
        )


def missing_then(patient: Patient, site: Site, version: ProtocolVersion, day: date) -> list[str]:
    """What was not valid on that local day of all that the protocol asks for, in words: what a doctor decided or the
    patient signed on a later day was not there yet.
    """
    _midnight, end = clock.day_bounds(day, site.zone)
    lacks = []
    if version.needs_clearance:
        last = Clearance.objects.filter(patient=patient, decided_at__lt=end).order_by("-decided_at").first()
        if not covers(last, day):
            lacks.append("a valid clearance")
    if version.needs_consent:
        stood = Q(withdrawn_at=None) | Q(withdrawn_at__gte=end)
        if not Consent.objects.filter(stood, patient=patient, signed_at__lt=end, valid_until__gte=day).exists():
            lacks.append("a valid consent")
    return lacks


def hand_over(visit: Appointment, happened: Happened) -> None:
    """Write who took the patient home, where somebody had to. Raises Refused for who may not drive."""
    if happened.handed_to is None or not visit.protocol_version.needs_ride:
        return
    against = why_not(happened.handed_to, [visit])
    if against:
        raise Refused(against, field="handed_to")
    rides.picked_up(visit, happened.handed_to)


def tell(visit: Appointment, happened: Happened) -> None:
    """Put down what the patient is still to be told after the visit, now that it is known."""
    is_today = local_day(happened.ended, visit.site) == clock.today(visit.site.zone)
    if happened.ending == Ending.LEFT_AGAINST_ADVICE:
        if is_today:
            ledger.announce_left_alone(visit)
        else:
            ledger.announce_follow_up(visit, clock.today(visit.site.zone))
    elif RULES[happened.ending].aftercare and visit.kind != Appointment.Kind.CONSULT:
        if is_today:
            ledger.announce_discharged(visit)
        else:
            news.follow(visit)
