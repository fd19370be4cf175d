"""Calendar files (RFC 5545) that Apple, Google and Outlook take from a plain mail. Neutral: promise 8.

METHOD is PUBLISH, or CANCEL where everything in the file is called off; docs/decisions/calendar-files.md says why not
REQUEST.
"""

from collections.abc import Iterable, Sequence
from email.utils import parseaddr

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from clinic import clock
from patients.contact_points import show_phone
from scheduling.messages.vtimezone import timezone_for
from scheduling.models import Appointment

FILE_NAME = "visits.ics"


def calendar_file(appointments: Iterable[Appointment]) -> bytes:
    """One file with an event for each visit, in UTF-8. Needs `site` loaded.

    UID is the visit's id and never changes, SEQUENCE its version: a later file moves or removes the event that an
    earlier one made. Texts are in the active language; times are in the zone of each visit's site, with its
    VTIMEZONE.
    """
    visits = sorted(appointments, key=lambda visit: (visit.starts, visit.pk))
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic scheduling//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method_of(visits))
    for zone in sorted({visit.site.zone for visit in visits}, key=lambda zone: zone.key):
        calendar.add_component(timezone_for(zone, visits[0].starts))
    for visit in visits:
        calendar.add_component(_event(visit))
    return bytes(calendar.to_ical())


def method_of(visits: Sequence[Appointment]) -> str:
    """CANCEL when every visit is called off, else PUBLISH."""
    called_off = [visit.status == Appointment.Status.CANCELLED for visit in visits]
    return "CANCEL" if called_off and all(called_off) else "PUBLISH"


def _event(visit: Appointment) -> Event:
    site = visit.site
    event = Event()
    event.add("uid", str(visit.pk))
    event.add("sequence", visit.version)
    event.add("dtstamp", clock.now())
    event.add("dtstart", clock.local(visit.starts, site.zone))
    event.add("dtend", clock.local(visit.ends, site.zone))
    cancelled = visit.status == Appointment.Status.CANCELLED
    # Some programs keep, or even add, what a file calls off: then its name says it.
    summary = _("Cancelled: visit at %(clinic)s") if cancelled else _("Visit at %(clinic)s")
    event.add("summary", summary % {"clinic": site.neutral_name})
    event.add("description", _("Questions: %(phone)s") % {"phone": show_phone(site.phone, site.country)})
    if visit.mode == Appointment.Mode.IN_PERSON:
        event.add("location", site.one_line_address)
    held = visit.status == Appointment.Status.PROPOSED
    event.add("status", "CANCELLED" if cancelled else "TENTATIVE" if held else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    event.add("class", "PRIVATE")
    organizer = vCalAddress(f"mailto:{site.email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["cn"] = vText(site.neutral_name)
    event.add("organizer", organizer)
    return event
