"""What happens to the sample patient, so that the ledger writes each kind of message."""

from collections.abc import Callable
from datetime import datetime, timedelta

from clinic import clock
from clinic.models import StaffMember
from patients.models import Clearance
from scheduling.messages import asking, earlier, ledger, news
from scheduling.messages.sample_patient import APART, VISITS, Sample
from scheduling.models import Appointment, EarlierWish, Invitation, Message, Offer, ProposedBooster, Ride, Series

Kind, State = Message.Kind, Message.State
Status = Appointment.Status


def _series(sample: Sample) -> None:
    ledger.announce_booked(sample.series())


def _held(sample: Sample) -> None:
    until = clock.now() + timedelta(days=sample.site.uncleared_hold_days)
    ledger.announce_held(sample.series(Series.Status.DRAFT, Status.PROPOSED, held_until=until))


def _ended(announce: Callable[[Series], None]) -> Callable[[Sample], None]:
    def cause(sample: Sample) -> None:
        announce(sample.series(Series.Status.REVOKED, Status.CANCELLED, ended_at=clock.now(), end_reason="a sample"))

    return cause


def _boosters(sample: Sample) -> None:
    series = sample.series()
    first, second, *_rest = series.appointments.order_by("starts")
    # Dates that are days away are prepared for by messages of their own.
    news.remind(news.visits_to_come(series, Status.BOOKED))
    second.version += 1
    second.save(update_fields=["version"])
    ledger.announce_boosters(series, [first], [(second, second.starts - timedelta(days=1))], [])


def _consult(sample: Sample) -> None:
    ledger.announce_consult(sample.visit(sample.days[0]))


def _moved(sample: Sample) -> None:
    series = sample.series()
    visit = series.appointments.order_by("starts")[0]
    ledger.announce_moved(visit, _day_before(visit.starts))


def _cancelled(sample: Sample) -> None:
    series = sample.series()
    day = sample.days[-1] + timedelta(days=APART)
    gone = sample.visit(day, series=series, number=VISITS + 1, status=Status.CANCELLED, ending="cancelled", version=1)
    ledger.announce_cancelled(gone)


def _named(sample: Sample) -> None:
    ride = _ride(sample, Ride.Status.NAMED)
    ledger.announce_companion(ride)


def _released(sample: Sample) -> None:
    ride = _ride(sample, Ride.Status.NEEDED)
    ledger.announce_companion(
        Ride(appointment=ride.appointment, companion=sample.companion, status=Ride.Status.NAMED, version=ride.version)
    )
    told = Message.objects.filter(patient=sample.patient, kind=Kind.COMPANION_NAMED)
    told.update(state=State.SENT, sent_at=clock.now())
    ledger.announce_companion_released(ride, sample.companion)


def _pick_up(sample: Sample) -> None:
    visit = _ride(sample, Ride.Status.NAMED).appointment
    ledger.announce_pick_up(visit, visit.ends)


def _ride(sample: Sample, status: str) -> Ride:
    visit = sample.series().appointments.order_by("starts")[0]
    Ride.objects.filter(appointment=visit).delete()
    companion = sample.companion if status == Ride.Status.NAMED else None
    return Ride.objects.create(appointment=visit, status=status, companion=companion, version=1, changed_at=clock.now())


def _over(sample: Sample) -> Appointment:
    """The first visit of a series whose others are to come."""
    series = sample.series()
    today = clock.local(clock.now(), sample.site.zone).date()
    return sample.visit(
        today - timedelta(days=1),
        series=series,
        number=VISITS + 1,
        status=Status.FULFILLED,
        ending="completed",
        counts=True,
    )


def _aftercare(sample: Sample) -> None:
    ledger.announce_discharged(_over(sample))


def _follow_up(sample: Sample) -> None:
    ledger.announce_left_alone(_over(sample))


def _news(sample: Sample) -> None:
    doctor = StaffMember.objects.filter(sites=sample.site).order_by("name").first()
    if doctor is None:
        raise LookupError("nobody works at the site, who could have decided")
    decision = Clearance.objects.create(
        patient=sample.patient,
        decision=Clearance.Decision.CLEARED,
        decided_by=doctor,
        decided_at=clock.now(),
        valid_until=sample.days[-1] + timedelta(days=365),
    )
    ledger.announce_clearance(decision)


def _day_before(moment: datetime) -> datetime:
    return moment - timedelta(days=1)


def _offered(sample: Sample) -> None:
    earlier.announce_offered(_invitation(sample))


def _offer_over(sample: Sample) -> None:
    invitation = _invitation(sample)
    earlier.announce_offered(invitation)
    told = Message.objects.filter(patient=sample.patient, kind=Kind.EARLIER_OFFER)
    told.update(state=State.SENT, sent_at=clock.now())
    earlier.announce_offer_over(invitation)


def _invitation(sample: Sample) -> Invitation:
    """Somebody with a visit is asked for the day before it."""
    visit = sample.series().appointments.order_by("starts")[0]
    wish = EarlierWish.objects.create(patient=sample.patient, appointment=visit, created_at=clock.now())
    offer = Offer.objects.create(
        kind=Offer.Kind.EARLIER_TIME,
        site=sample.site,
        protocol_version=sample.treatment,
        plan={"starts": [_day_before(visit.starts).isoformat()]},
        expires_at=clock.now() + timedelta(minutes=sample.site.offer_minutes),
        created_at=clock.now(),
    )
    return Invitation.objects.create(
        offer=offer,
        wish=wish,
        patient=sample.patient,
        appointment=visit,
        visit_version=visit.version,
        number=1,
        created_at=clock.now(),
    )


def _score_asked(sample: Sample) -> None:
    asking.announce_score_asked(_over(sample))


def _screening(sample: Sample) -> None:
    asking.announce_screening(sample.patient, sample.site)


def _dates_offered(sample: Sample) -> None:
    series, now = sample.series(), clock.now()
    last = series.appointments.order_by("-starts")[0].starts
    proposed = ProposedBooster.objects.bulk_create(
        ProposedBooster(
            series=series,
            starts=last + timedelta(days=21 * number),
            status=ProposedBooster.Status.OFFERED,
            created_at=now,
            offered_at=now,
        )
        for number in (1, 2)
    )
    asking.announce_dates_offered(series, proposed)


#: What to do for each kind.
CAUSES: dict[Message.Kind, Callable[[Sample], None]] = {
    Kind.BOOKED: _series,
    Kind.HELD: _held,
    Kind.CONSULT_BOOKED: _consult,
    Kind.MOVED: _moved,
    Kind.CANCELLED: _cancelled,
    Kind.STOPPED: _ended(ledger.announce_stopped),
    Kind.RELEASED: _ended(ledger.announce_released),
    Kind.BOOSTERS_CHANGED: _boosters,
    Kind.REMINDER: _series,
    Kind.PREPARE: _series,
    Kind.TODAY: _series,
    Kind.RIDE_MISSING: _series,
    Kind.COMPANION_NAMED: _named,
    Kind.COMPANION_CANCELLED: _released,
    Kind.PICK_UP: _pick_up,
    Kind.AFTERCARE: _aftercare,
    Kind.FOLLOW_UP: _follow_up,
    Kind.NEWS: _news,
    Kind.EARLIER_OFFER: _offered,
    Kind.EARLIER_OVER: _offer_over,
    Kind.SCREENING: _screening,
    Kind.SCORE_ASKED: _score_asked,
    Kind.DATES_OFFERED: _dates_offered,
}
