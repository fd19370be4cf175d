"""A patient's way through the clinic: series and visits, for the panel on the patient's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from clinic import clock
from clinic.models import Site, User
from patients.models import Patient
from scheduling.models import Appointment, CourseChange, Offer, Series
from scheduling.selectors.course_changes import lasting_pauses

#: A plan that lapsed is still of use so long: whoever calls back late finds what was wished.
LAPSED = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Course:
    """One series with its visits in order. `left`: how many of them are still to come."""

    series: Series
    visits: Sequence[Appointment]
    left: int
    #: The pause that lasts, if one does.
    pause: CourseChange | None = None

    @property
    def may_pause(self) -> bool:
        """Whether it can be paused: it runs, or a doctor has put it on hold."""
        return self.series.status in {Series.Status.ACTIVE, Series.Status.ON_HOLD} and self.pause is None

    @property
    def missing(self) -> int:
        """How many infusions of a running induction are still to be planned, since some were lost or called off."""
        series = self.series
        if series.status != Series.Status.ACTIVE or series.stage != Series.Stage.INDUCTION:
            return 0
        infusions = [one for one in self.visits if one.kind == Appointment.Kind.INFUSION]
        stands = sum(bool(one.counts) or one.status in Appointment.BLOCKING for one in infusions)
        return max(0, series.sessions - stands)

    @property
    def can_be_planned(self) -> bool:
        """Whether the rest of it can be planned anew: an induction that runs, with something left of it."""
        series = self.series
        running = series.status == Series.Status.ACTIVE and series.stage == Series.Stage.INDUCTION
        return running and (self.left > 0 or self.missing > 0)

    @property
    def is_running(self) -> bool:
        """Whether visits may still come."""
        return self.series.status in Series.RUNNING

    @property
    def has_curve(self) -> bool:
        """Whether a doctor reads how it helps: one that is only held has not begun, and one that ended before
        anything was given has nothing to read.
        """
        if self.is_running:
            return self.series.status != Series.Status.DRAFT
        return any(visit.counts for visit in self.visits)


@dataclass(frozen=True, slots=True)
class Journey:
    """Everything booked for one patient at the user's sites: consults, series newest first, plans being kept, and the
    one that has lapsed lately with nothing booked since.
    """

    consults: Sequence[Appointment]
    courses: Sequence[Course]
    offers: Sequence[Offer]
    lapsed: Offer | None
    sites: Sequence[Site]

    @property
    def visits(self) -> list[Appointment]:
        """All of them: the consults, then series by series."""
        return [*self.consults, *(visit for course in self.courses for visit in course.visits)]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever booked."""
        return not (self.consults or self.courses or self.offers)


def visits_of(patient: Patient, user: User) -> Journey:
    """The patient's visits that `user` may see, in a constant number of queries."""
    visits = list(
        Appointment.objects.for_user(user)
        .filter(patient=patient)
        .select_related("site", "series", "practitioner", "protocol_version__protocol", "ride__companion", "record")
        .order_by("starts")
    )
    series = (
        Series.objects.for_user(user)
        .filter(patient=patient)
        .select_related("site", "protocol_version__protocol", "created_by")
        .order_by("-created_at")
    )
    now = clock.now()
    offers = list(
        Offer.objects.for_user(user)
        .filter(patient=patient, status__in=[Offer.Status.OPEN, Offer.Status.EXPIRED], expires_at__gt=now - LAPSED)
        .select_related("site", "protocol_version__protocol")
        .order_by("expires_at")
    )
    kept = [one for one in offers if one.status == Offer.Status.OPEN and one.expires_at > now]
    courses, pauses = [], lasting_pauses(patient)
    for one in series:
        own = [visit for visit in visits if visit.series_id == one.pk]
        courses.append(Course(one, own, sum(visit.status in Appointment.BLOCKING for visit in own), pauses.get(one.pk)))
    return Journey(
        consults=[visit for visit in visits if visit.kind == Appointment.Kind.CONSULT],
        courses=courses,
        offers=kept,
        lapsed=_lapsed([one for one in offers if one not in kept], courses) if not kept else None,
        sites=list(Site.objects.for_user(user).filter(patients=patient)),
    )


def _lapsed(offers: Sequence[Offer], courses: Sequence[Course]) -> Offer | None:
    """The last of these, unless a series was booked since."""
    last = offers[-1] if offers else None
    if last is None or any(course.series.created_at > last.created_at for course in courses):
        return None
    return last
