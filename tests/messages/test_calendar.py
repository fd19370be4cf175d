"""Calendar files, read back by parsers that had no part in writing them."""

import io
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.tz import tzical  # type: ignore[import-untyped]
from django.core.mail import EmailMessage
from django.utils import translation
from icalendar import Calendar, Event

from clinic import clock
from clinic.models import Site
from patients.models import Patient
from scheduling.messages import changes, ledger
from scheduling.messages.calendar import calendar_file
from scheduling.messages.delivery import deliver
from scheduling.messages.vtimezone import timezone_for
from scheduling.models import Appointment, Message, Series
from tests.desk.pages import without_ids
from tests.factories import NOW, Clinic
from tests.messages import world

ZONES = [
    "America/New_York",
    "America/Phoenix",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "Africa/Cairo",
]


def visits_of(patient: Patient) -> list[Appointment]:
    """All visits with their site."""
    return list(patient.appointments.select_related("site").order_by("starts"))


def read(content: bytes) -> Calendar:
    """The file, parsed."""
    parsed = Calendar.from_ical(content)
    assert isinstance(parsed, Calendar)
    return parsed


def events(content: bytes) -> list[Event]:
    """The events of a file, by start."""
    return sorted(read(content).events, key=lambda event: event.start)


def test_one_file_has_every_visit_at_its_local_time(harbor: Clinic, ada: Patient) -> None:
    world.make_series(harbor, ada)
    content = calendar_file(visits_of(ada))
    found = events(content)
    assert [event.start for event in found] == [visit.starts for visit in visits_of(ada)]
    assert {event.start.strftime("%H:%M") for event in found} == {"09:00"}
    assert b"DTSTART;TZID=America/New_York:20270412T090000" in content


def test_a_visit_keeps_its_uid_and_counts_its_changes(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_series(harbor, ada).appointments.get(number=1)
    (before,) = (event for event in events(calendar_file(visits_of(ada))) if event["UID"] == str(visit.pk))
    world.move(visit, visit.starts + timedelta(hours=2))
    (after,) = (event for event in events(calendar_file(visits_of(ada))) if event["UID"] == str(visit.pk))
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after.start == before.start + timedelta(hours=2)


def test_a_file_of_booked_visits_is_published_and_one_of_cancelled_visits_cancels(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9))
    assert read(calendar_file([visit]))["METHOD"] == "PUBLISH"
    world.cancel(visit)
    content = calendar_file([visit])
    assert read(content)["METHOD"] == "CANCEL"
    assert events(content)[0]["STATUS"] == "CANCELLED"


def test_one_cancelled_visit_among_others_is_published_as_cancelled(harbor: Clinic, ada: Patient) -> None:
    world.make_series(harbor, ada)
    first, *others = visits_of(ada)
    world.cancel(first)
    content = calendar_file([first, *others])
    assert read(content)["METHOD"] == "PUBLISH"
    assert [event["STATUS"] for event in events(content)] == ["CANCELLED", "CONFIRMED", "CONFIRMED"]


def test_a_visit_called_off_says_so_in_its_name(harbor: Clinic, ada: Patient) -> None:
    """Where a program adds what the file takes back, nobody is to set out for it."""
    world.make_series(harbor, ada)
    first, *others = visits_of(ada)
    world.cancel(first)
    named = [str(event["SUMMARY"]) for event in events(calendar_file([first, *others]))]
    assert named == ["Cancelled: visit at Harbor Day Center"] + ["Visit at Harbor Day Center"] * 2
    with translation.override("es"):
        assert str(events(calendar_file([first]))[0]["SUMMARY"]) == "Cancelada: visita en Harbor Day Center"


def test_what_rfc_5545_and_5546_ask_for_is_there(harbor: Clinic, ada: Patient) -> None:
    world.make_series(harbor, ada)
    content = calendar_file(visits_of(ada))
    parsed = read(content)
    assert {"PRODID", "VERSION", "METHOD", "CALSCALE"} <= set(parsed)
    assert all(
        {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER", "SEQUENCE"} <= set(e) for e in parsed.events
    )
    # RFC 5546, 3.2.1: a published event names nobody who is to attend.
    assert not any("ATTENDEE" in event for event in parsed.events)
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    assert content.index(b"END:VTIMEZONE") < content.index(b"BEGIN:VEVENT")


def test_a_file_says_nothing_clinical(harbor: Clinic, ada: Patient) -> None:
    world.make_series(harbor, ada)
    text = without_ids(calendar_file(visits_of(ada)).decode()).lower()
    assert "uid:" in text
    for word in (
        "infusion",
        "ketamine",
        "chair",
        "nurse",
        "six",
        "booster",
        "ada",
        "quill",
    ):
        assert word not in text


def test_the_mail_of_a_booking_carries_the_file_of_its_visits(
    harbor: Clinic, ada: Patient, mailoutbox: list[object]
) -> None:
    ledger.announce_booked(world.make_series(harbor, ada))
    deliver()
    (name, content, kind) = mailoutbox[0].attachments[0]  # type: ignore[attr-defined]
    assert (name, kind) == ("visits.ics", "text/calendar; method=PUBLISH")
    assert len(events(content.encode() if isinstance(content, str) else content)) == 3


def test_dates_that_are_only_held_come_without_a_file(harbor: Clinic, ada: Patient, mailoutbox: list[object]) -> None:
    ledger.announce_held(world.make_series(harbor, ada, held=True))
    deliver()
    assert mailoutbox[0].attachments == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ZONES)
def test_the_rules_of_a_zone_agree_with_the_zone_for_two_years(name: str) -> None:
    """dateutil reads the component; every third hour of the two years after the start must have the true offset."""
    zone = ZoneInfo(name)
    start = datetime(2027, 1, 1, tzinfo=UTC)
    holder = Calendar()
    holder.add_component(timezone_for(zone, start))
    parsed = tzical(io.StringIO(holder.to_ical().decode())).get(name)
    assert parsed is not None
    wrong = []
    for step in range(2 * 365 * 8):
        moment = start + timedelta(hours=3 * step)
        wall = moment.astimezone(zone)
        if wall.fold or wall.dst() is None:
            continue
        if wall.replace(tzinfo=parsed).utcoffset() != wall.utcoffset():
            wrong.append(wall.isoformat())
    # A wall time that comes twice may be read either way; nothing else may differ.
    assert [moment for moment in wrong if not _ambiguous(moment, zone)] == []


def _ambiguous(moment: str, zone: ZoneInfo) -> bool:
    wall = datetime.fromisoformat(moment).replace(tzinfo=zone)
    return wall.utcoffset() != wall.replace(fold=1).utcoffset()


def test_zones_with_a_yearly_rule_are_written_as_that_rule() -> None:
    content = timezone_for(ZoneInfo("America/New_York"), NOW).to_ical().decode()
    assert "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3" in content
    assert "DTSTART:20260308T020000" in content
    assert "RDATE" not in content


def test_a_series_across_a_change_of_the_clocks_stays_at_nine(harbor: Clinic, ada: Patient) -> None:
    Site.objects.update(time_zone="Australia/Lord_Howe")
    harbor.site.refresh_from_db()
    days = [date(2027, 10, 1), date(2027, 10, 4)]
    world.make_series(harbor, ada, days, at=time(9))
    found = [event.start for event in events(calendar_file(visits_of(ada)))]
    starts = [start for start in found if isinstance(start, datetime)]
    assert [start.strftime("%d %H:%M") for start in starts] == ["01 09:00", "04 09:00"]
    # Between them the clocks go half an hour ahead.
    assert starts[1].astimezone(UTC) - starts[0].astimezone(UTC) == timedelta(days=2, hours=23, minutes=30)
    assert clock.local(starts[0], harbor.site.zone).hour == 9


@pytest.mark.parametrize("zone", ["America/New_York", "America/Phoenix", "Australia/Lord_Howe"])
def test_a_parser_that_shares_nothing_with_the_writer_reads_the_mail_as_it_goes_out(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any], zone: str
) -> None:
    """vobject has its own grammar and its own reading of VTIMEZONE, and checks what RFC 5545 asks of each component."""
    Site.objects.update(time_zone=zone, send_from=time(0), send_until=time(23, 59))
    harbor.site.refresh_from_db()
    world.make_series(harbor, ada, [date(2027, 10, 1), date(2027, 10, 4), date(2027, 11, 8)])
    visit = visits_of(ada)[0]
    ledger.announce_booked(Series.objects.get())
    deliver()
    world.move(visit, visit.starts + timedelta(hours=2))
    world.cancel(visits_of(ada)[2])
    Message.objects.filter(kind__in=changes.KINDS).update(due_at=clock.now())
    deliver()
    files = [part for mail in mailoutbox[:2] for part in parts_of(mail, "text/calendar")]
    assert len(files) == 2, "one file for each message"
    before, after = (vobject.readOne(part.get_content()) for part in files)
    for part, calendar in zip(files, (before, after), strict=True):
        assert calendar.validate(raiseException=True)
        assert part.get_param("method") == calendar.method.value == "PUBLISH"
        assert calendar.vtimezone.tzid.value == zone
    found = {event.uid.value: event for event in after.vevent_list}
    assert {event.uid.value: event.dtstart.value for event in before.vevent_list} == {
        str(one.pk): one.starts - timedelta(hours=2 if one.pk == visit.pk else 0) for one in visits_of(ada)
    }
    assert {key: event.dtstart.value for key, event in found.items()} == {
        str(one.pk): one.starts for one in visits_of(ada)
    }
    assert [event.sequence.value for event in before.vevent_list] == ["0"] * 3
    moved, _kept, gone = (found[str(one.pk)] for one in visits_of(ada))
    assert (moved.sequence.value, moved.status.value) == ("1", "CONFIRMED")
    assert (gone.sequence.value, gone.status.value) == ("1", "CANCELLED")


def test_the_parser_refuses_what_the_standard_forbids(harbor: Clinic, ada: Patient) -> None:
    """Control: that it read our files shows something."""
    world.make_series(harbor, ada)
    content = calendar_file(visits_of(ada)).decode()
    with pytest.raises(vobject.base.ValidateError):
        vobject.readOne(content.replace("UID:", "X-UID:")).validate(raiseException=True)


def parts_of(mail: EmailMessage, kind: str) -> list[Any]:
    """The parts of this type in a mail as its reader gets it, from its bytes on the wire."""
    parsed = message_from_bytes(mail.message().as_bytes(), policy=policy.default)
    return [part for part in parsed.walk() if part.get_content_type() == kind]
