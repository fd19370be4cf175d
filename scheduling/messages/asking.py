"""Asked how it goes, once for each treatment, and the next dates offered. Nothing clinical: what is asked stands on the
patient's page.
"""

from collections.abc import Sequence
from datetime import timedelta

from clinic import clock
from clinic.models import Site
from patients.models import Patient
from scheduling.messages import news, nudge, rows
from scheduling.messages.hours import soonest
from scheduling.messages.routing import channel_for
from scheduling.models import Appointment, Message, ProposedBooster, Series

Kind = Message.Kind
#: Days in which an answer about the time after a treatment is still of use.
ASKED_LASTS = timedelta(days=14)


def announce_score_asked(treated: Appointment) -> None:
    """Ask the patient how it goes since this treatment, on a working day; the ledger writes it once, however often it
    is called.
    """
    until = clock.now() + ASKED_LASTS
    news.about_visit(treated, Kind.SCORE_ASKED, concerns=until, not_after=until, can_wait=True)


def announce_screening(patient: Patient, site: Site) -> Message:
    """Ask for the answers to the screening, unless a message that does is on its way; the message. One that waits for a
    call goes out by itself where the patient is written to by now.
    """
    about = Message.objects.filter(patient=patient, kind=Kind.SCREENING)
    waiting = about.filter(state__in=[Message.State.DUE, Message.State.SENDING, Message.State.PERSON])
    # Somebody may be writing down what came of the call.
    waits = waiting.select_for_update(of=("self",)).first()
    now, channel = clock.now(), channel_for(patient)
    if waits is not None and waits.state == Message.State.PERSON and waits.channel != channel:
        waits.channel = channel
        return rows.due_again(waits, soonest(site, now, channel))
    if waits is not None:
        return waits
    row = rows.to_patient(
        patient,
        site,
        Kind.SCREENING,
        version=about.count() + 1,
        channel=channel,
        due_at=soonest(site, now, channel),
        not_after=now + ASKED_LASTS,
    )
    rows.write(row)
    nudge.after_commit()
    return Message.objects.get(patient=patient, kind=Kind.SCREENING, version=row.version)


def announce_dates_offered(series: Series, proposed: Sequence[ProposedBooster]) -> None:
    """The next dates are there to be said yes or no to; not worth sending once the first of them is past."""
    patient, site, first = series.patient, series.site, proposed[0].starts
    rows.write(
        rows.to_patient(
            patient,
            site,
            Kind.DATES_OFFERED,
            series=series,
            version=ProposedBooster.objects.filter(series=series, offered_at__isnull=False).count(),
            context={"proposed": [str(one.pk) for one in proposed]},
            due_at=soonest(site, clock.now(), channel_for(patient), first, can_wait=True),
            not_after=first,
        )
    )
    nudge.after_commit()
