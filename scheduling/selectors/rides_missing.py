"""Who has to be called since nobody is named to drive them home: one row for each patient and site, the most pressing
first.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from clinic import clock
from clinic.models import Site
from patients.models import Contact, Patient
from patients.selectors import who_is_told
from scheduling.messages.scripts import ride_script
from scheduling.models import Appointment, Message, Ride
from scheduling.opening_days import Nearness, nearness
from scheduling.selectors.desk_scope import Scope
from scheduling.selectors.drivers import all_drivers

#: How far ahead the page of rides looks beyond what is due: reminders go out up to a week before (domain.md).
AHEAD = timedelta(days=14)

#: A visit that may still need a driver.
OPEN = (Appointment.Status.BOOKED, Appointment.Status.ARRIVED)

Key = tuple[UUID, UUID]
"""patient, site"""


@dataclass(frozen=True, slots=True)
class RideRow:
    """One patient to call at one site. `visits` have no driver and are near, `further` have none and are not, both
    soonest first; `ride` is the ride of the first visit (None: nobody ever asked), `person` who is called (a guardian
    for somebody under 18), `words` what to say.
    """

    patient: Patient
    person: Patient | Contact
    site: Site
    nearness: Nearness
    visits: tuple[Appointment, ...]
    further: tuple[Appointment, ...]
    drivers: tuple[Contact, ...]
    words: str

    @property
    def first(self) -> Appointment:
        """The visit that presses."""
        return (*self.visits, *self.further)[0]

    @property
    def all_visits(self) -> tuple[Appointment, ...]:
        """Every visit to come without a driver."""
        return (*self.visits, *self.further)

    @property
    def ride(self) -> Ride | None:
        """What is known of the first visit's ride."""
        return getattr(self.first, "ride", None)


def missing(scope: Scope) -> QuerySet[Appointment]:
    """Visits to come, or under way, that nobody is named to drive home from."""
    return Appointment.objects.filter(
        Q(ride=None) | Q(ride__status__in=Ride.MISSING),
        site__in=scope.sites,
        status__in=OPEN,
        protocol_version__needs_ride=True,
        ends__gt=scope.now,
    )


def near(scope: Scope) -> QuerySet[Appointment]:
    """Those of `missing` that are near, or whose reminder fell to a person because the patient has no email."""
    soon = Appointment.objects.filter(scope.near(), status__in=OPEN, ends__gt=scope.now)
    to_tell = Message.objects.filter(
        site__in=scope.sites, kind=Message.Kind.RIDE_MISSING, state=Message.State.PERSON, appointment__isnull=False
    )
    # Together and not as one or the other, for which PostgreSQL would look at every visit to come.
    return missing(scope).filter(pk__in=soon.order_by().values("pk").union(to_tell.order_by().values("appointment")))


def due(scope: Scope) -> QuerySet[Appointment]:
    """Those of `near` that somebody has to call about now: not those that a call put off."""
    return near(scope).filter(Q(ride=None) | Q(ride__call_after=None) | Q(ride__call_after__lte=scope.now))


def due_keys(scope: Scope) -> QuerySet[Appointment, Key]:
    """Patient and site of each row: its count is how many people have to be called."""
    return due(scope).order_by().values_list("patient_id", "site_id").distinct()


def rows_due(scope: Scope, limit: int | None = None) -> list[RideRow]:
    """The people to call now, the most pressing visit first; at most `limit`. The queries do not grow with them."""
    keys = list(dict.fromkeys(due(scope).order_by("starts", "pk").values_list("patient_id", "site_id")))
    return _rows(scope, keys[:limit])


def rows_waiting(scope: Scope) -> list[RideRow]:
    """Called about already: they come back by themselves at the time noted, unless somebody is named before."""
    put_off = near(scope).filter(ride__call_after__gt=scope.now).order_by("ride__call_after", "starts")
    keys = list(dict.fromkeys(put_off.values_list("patient_id", "site_id")))
    due_now = set(due_keys(scope))
    return _rows(scope, [key for key in keys if key not in due_now])


def rows_ahead(scope: Scope) -> list[RideRow]:
    """Not near yet: the reminders ask them first."""
    ahead = missing(scope).filter(starts__lt=scope.now + AHEAD).order_by("starts", "pk")
    keys = dict.fromkeys(ahead.values_list("patient_id", "site_id"))
    pressing = set(near(scope).order_by().values_list("patient_id", "site_id").distinct())
    return _rows(scope, [key for key in keys if key not in pressing])


def row_of(scope: Scope, patient: Patient) -> RideRow | None:
    """The row of one patient, due or not, at the site of the soonest visit; None when every visit has a driver."""
    first = missing(scope).filter(patient=patient).order_by("starts").first()
    return next(iter(_rows(scope, [(first.patient_id, first.site_id)])), None) if first is not None else None


def _rows(scope: Scope, keys: Iterable[Key]) -> list[RideRow]:
    """The rows of these keys, in their order: four queries and those of the words' texts."""
    keys = list(keys)
    if not keys:
        return []
    visits = (
        missing(scope)
        .filter(patient__in={patient for patient, _site in keys})
        .select_related("patient", "site", "series", "protocol_version", "ride__companion", "ride__called_by")
        .prefetch_related(Prefetch("patient__contacts", all_drivers(), to_attr="drivers"), "site__wordings")
        .order_by("starts", "pk")
    )
    by_key: dict[Key, list[Appointment]] = defaultdict(list)
    for visit in visits:
        by_key[visit.patient_id, visit.site_id].append(visit)
    return [_row(scope, by_key[key]) for key in keys if by_key[key]]


def _row(scope: Scope, visits: list[Appointment]) -> RideRow:
    first = visits[0]
    site, patient = first.site, first.patient
    is_open, today = scope.openings[site.pk].is_open, scope.today(site)
    levels = {visit.pk: nearness(today, clock.local(visit.starts, site.zone).date(), is_open) for visit in visits}
    close = [visit for visit in visits if levels[visit.pk] is not Nearness.AHEAD] or visits[:1]
    return RideRow(
        patient=patient,
        person=who_is_told(patient),
        site=site,
        nearness=levels[first.pk],
        visits=tuple(close),
        further=tuple(visit for visit in visits if visit not in close),
        drivers=tuple(patient.drivers),  # type: ignore[attr-defined]  # of the prefetch above
        words=ride_script(close),
    )
