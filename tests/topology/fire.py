"""Clerks book while what they stand on is killed; afterwards everything that they were told must be true."""

import time
from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from allauth.mfa.totp.internal.auth import TOTP
from django.db import connections

from clinic import clock
from patients.models import Patient
from scheduling.drill.keeper import Kept, wait_until
from scheduling.models import Appointment, Hold, Message, Series
from tests.clinic.signing import PASSWORD, SECRET, clerk_of
from tests.factories import Clinic, make_patient
from tests.scheduling.helpers import overlaps_in_holds
from tests.topology.clerks import CLERKS, Book, Clerk, Shift
from tests.topology.findings import Findings
from tests.topology.machines import PATIENCE, Topology

PATIENTS = 240
#: Seconds that something stays dead, and that the clerks have between two deaths.
DEAD, QUIET = 2.0, 6.0
#: A smaller clinic would be full before the last death.
CHAIRS, NURSES = 20, 10


def run(topology: Topology, clinic: Clinic, findings: Findings) -> None:
    """Begin, kill one after the other, end, and judge."""
    patients = [make_patient(clinic.site, cleared=True, consented=True) for _ in range(PATIENTS)]
    clerk = clerk_of(clinic)
    # In production nobody goes far without a second factor.
    TOTP.activate(clerk, SECRET)
    clerk.set_password(PASSWORD)
    clerk.save()
    certificate = str(topology.folder / "tls.crt")
    shift = Shift(
        [Clerk(topology.port, certificate, clerk) for _ in range(CLERKS)], clinic, patients, next_week(clinic)
    )
    shift.begin()
    try:
        _pause(topology, QUIET)
        for victim in (topology.webs[0], topology.workers[0], topology.redis, topology.postgres):
            _kill(topology, victim)
    finally:
        book = shift.end()
    _come_to_rest(topology)
    _judge(topology, book, findings)


def _kill(topology: Topology, victim: Kept) -> None:
    """Kill -9, leave it dead for a while, start it again, and let the clerks work on."""
    topology.keeper.leave(victim)
    victim.kill()
    time.sleep(DEAD)
    topology.keeper.keep(victim)
    _pause(topology, QUIET)


def _pause(topology: Topology, seconds: float) -> None:
    wait_until(lambda: False, seconds, meanwhile=topology.keeper.look)


def next_week(clinic: Clinic) -> date:
    """The Monday after next: whatever today is, nothing is too near for the clinic's rules."""
    today = clock.today(clinic.site.zone)
    return today + timedelta(days=14 - today.weekday())


def _come_to_rest(topology: Topology) -> None:
    """Until nothing that is due waits any more."""
    connections.close_all()
    if not wait_until(lambda: topology.is_whole() and not _waiting(), PATIENCE, meanwhile=topology.keeper.look):
        raise RuntimeError(f"{_waiting()} messages still wait after {PATIENCE} seconds.")


def _waiting() -> int:
    states = [Message.State.DUE, Message.State.SENDING]
    return Message.objects.filter(state__in=states, due_at__lte=clock.now()).count()


def _judge(topology: Topology, book: Book, findings: Findings) -> None:
    told = Counter(patient.pk for patient in book.acknowledged)
    series = Counter(Series.objects.filter(patient__in=told).values_list("patient", flat=True))
    whole = Counter(
        Appointment.objects.blocking().filter(patient__in=told, kind="infusion").values_list("patient", flat=True)
    )
    bare = Appointment.objects.blocking().exclude(pk__in=Hold.objects.values("appointment")).count()
    written = Counter(Series.objects.values_list("patient", flat=True))
    findings.note("series that clerks were told are booked", len(told), "some", len(told) >= CLERKS)
    findings.note("answers that did not come, and were asked for again", book.unanswered, "some", book.unanswered > 0)
    findings.check("of those told, without a series", sum(series[pk] == 0 for pk in told))
    findings.check("of those told, without all six visits", sum(whole[pk] != 6 for pk in told))
    findings.check("patients with a second series", sum(number > 1 for number in written.values()))
    findings.check("visits without a hold", bare)
    findings.check("holds that overlap", overlaps_in_holds())
    _judge_mail(topology, set(written), findings)


def _judge_mail(topology: Topology, patients: set[UUID], findings: Findings) -> None:
    """Every series is told; what came twice has the same Message-ID, so that it can be told from a second message."""
    arrived = {str(one["Message-ID"]): str(one["To"]) for one in topology.sink.messages}
    reached = Counter(arrived.values())
    addresses = set(Patient.objects.filter(pk__in=patients).values_list("email", flat=True))
    twice = len(topology.sink.messages) - len(arrived)
    failed = Message.objects.filter(state=Message.State.FAILED).count()
    findings.check("patients with a series who got no mail", len(addresses - set(reached)))
    findings.check("patients who got two different mails about it", sum(reached[one] > 1 for one in addresses))
    findings.note("mails that came twice, under the same Message-ID", twice, "at most 1 a kill", twice <= 4)
    findings.check("messages that failed", failed)
