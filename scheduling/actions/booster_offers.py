"""Dates of boosters some months ahead: proposed by night, the next ones offered to the patient, booked after a yes.

A proposed date holds nothing and is told to nobody. Only sites that offer their boosters (`Site.offers_boosters`) have
them; elsewhere the next booster is booked and told (docs/decisions/boosters-roll-on.md).
"""

from datetime import date, timedelta

from django.db.models import Q

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused, Stale
from clinic.models import Site
from scheduling.actions import boosters, placing
from scheduling.actions.one_by_one import one_by_one
from scheduling.messages import asking, ledger
from scheduling.models import Appointment, ProposalNight, ProposedBooster, Series
from scheduling.selectors.boosters import as_they_stand, why_not_yet
from scheduling.selectors.proposed import dates_ahead, is_to_be_called, last_night, of_the_night
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import shape_for

Status = ProposedBooster.Status
#: How many of the next boosters are booked or wait for an answer at any time.
OFFERED_AHEAD = 2


def by_night(*, by: Actor) -> int:
    """At every site whose last night was not worked yet, wholly or from where it was broken off: propose, and offer
    what comes next, each series in its own transaction. A night without a worker is so made up for by day, by the one
    that comes back; of several such nights only the last, since each works everything out anew. Returns for how many
    something was offered.
    """
    now = clock.now()
    return sum(_work_the_night(site, last_night(site, now), by=by) for site in Site.objects.filter(is_active=True))


def _work_the_night(site: Site, night: date, *, by: Actor) -> int:
    nights = ProposalNight.objects.filter(site=site)
    ProposalNight.objects.get_or_create(site=site, defaults={"night": night})
    nights.filter(night__lt=night).update(night=night, reached=None, done_at=None)
    row = nights.filter(night=night, done_at=None).first()
    if row is None:
        return 0
    offered = one_by_one(
        of_the_night(site, row.reached),
        lambda series: propose_tonight(by=by, series=series, night=night),
        name="propose_boosters",
    )
    nights.filter(night=night, done_at=None).update(done_at=clock.now())
    return offered


@action
def propose_tonight(*, by: Actor, series: Series, night: date) -> list[ProposedBooster]:
    """Propose, and mark the series as worked in this night, both or neither; nothing where it was worked already, by a
    worker beside this one. Returns what is offered now.
    """
    locks.take([locks.patient(series.patient_id)])
    left = Q(reached=None) | Q(reached__lt=series.pk)
    row = ProposalNight.objects.select_for_update().filter(left, site=series.site, night=night).first()
    if row is None:
        return []
    row.reached = series.pk
    row.save(update_fields=["reached"])
    return propose(by=by, series=series)


@action
def propose(*, by: Actor, series: Series) -> list[ProposedBooster]:
    """Work out the dates ahead anew, and offer the next ones where fewer than OFFERED_AHEAD are booked or offered.
    Those offered stay as they are until they are answered or too near; after a no the desk calls, and nothing more is
    offered until something was booked or given. Returns what is offered now.
    """
    now = clock.now()
    locks.take([locks.patient(series.patient_id)])
    too_near = now + timedelta(hours=series.site.notice_hours)
    rows = ProposedBooster.objects.filter(series=series)
    rows.filter(status=Status.OFFERED, starts__lt=too_near).update(status=Status.REPLACED, answered_at=now)
    waiting = list(rows.filter(status=Status.OFFERED).order_by("starts"))
    standing = as_they_stand(series, now)
    starts = dates_ahead(series, standing, waiting, now)
    rows.filter(status=Status.PROPOSED).exclude(starts__in=starts).update(status=Status.REPLACED, answered_at=now)
    ProposedBooster.objects.bulk_create(
        [ProposedBooster(series=series, starts=one, created_at=now) for one in starts], ignore_conflicts=True
    )
    missing = 0 if is_to_be_called(series, standing) else OFFERED_AHEAD - len(standing.staying) - len(waiting)
    following = list(rows.filter(status=Status.PROPOSED).order_by("starts")[: max(0, missing)])
    for one in following:
        one.status, one.offered_at = Status.OFFERED, now
        one.save(update_fields=["status", "offered_at"])
    if following:
        asking.announce_dates_offered(series, [*waiting, *following])
    return following


@action
def accept(*, by: Actor, proposed: ProposedBooster) -> Appointment:
    """The patient says yes, on the page or by telephone: the date is booked. Twice is once.

    Raises:
        NotAllowed: the actor is neither the patient nor somebody who books.
        Stale: it is not offered any more.
        JustTaken: the time is no longer free.
        Refused: the series is not running, or the patient can have no visit then.
    """
    series = proposed.series
    placing.check_may_ask(by, series.patient_id)
    now, site, shape = clock.now(), series.site, shape_for(series.protocol_version, series.patient_id)
    day = local_day(proposed.starts, site)
    placing.take_locks(site, series.patient, [day], shape)
    row = ProposedBooster.objects.select_related("appointment").get(pk=proposed.pk)
    if row.appointment is not None:
        return row.appointment
    _check_offered(row)
    series = Series.objects.select_related("site", "patient", "protocol_version__protocol").get(pk=series.pk)
    problems = why_not_yet(series, as_they_stand(series, now))
    if problems:
        raise Refused(problems[0])
    visit = boosters.book_one(series, row.starts, shape, by=by, now=now)
    row.status, row.answered_at, row.answered_by, row.appointment = Status.ACCEPTED, now, by.user, visit
    row.save(update_fields=["status", "answered_at", "answered_by", "appointment"])
    ledger.announce_boosters(series, [visit] if visit.status == Appointment.Status.BOOKED else [], [], [])
    return visit


def accept_if_free(*, by: Actor, proposed: ProposedBooster) -> Appointment | None:
    """The patient's own yes books the date. None where somebody was quicker: then the date is declined, so that the
    desk calls. Each in a transaction of its own.

    Raises:
        NotAllowed, Stale, Refused: as accept.
    """
    try:
        return accept(by=by, proposed=proposed)
    except JustTaken:
        decline(by=by, proposed=proposed)
        return None


@action
def decline(*, by: Actor, proposed: ProposedBooster) -> ProposedBooster:
    """The patient says no: the desk sees that a booster is due with nothing booked. Twice is once.

    Raises:
        NotAllowed, Stale: as accept.
    """
    placing.check_may_ask(by, proposed.series.patient_id)
    locks.take([locks.patient(proposed.series.patient_id)])
    row = ProposedBooster.objects.get(pk=proposed.pk)
    if row.status == Status.DECLINED:
        return row
    _check_offered(row)
    row.status, row.answered_at, row.answered_by = Status.DECLINED, clock.now(), by.user
    row.save(update_fields=["status", "answered_at", "answered_by"])
    return row


def _check_offered(row: ProposedBooster) -> None:
    if row.status != Status.OFFERED:
        raise Stale("This date is not offered any more. Nothing was changed; look at the dates again.")
