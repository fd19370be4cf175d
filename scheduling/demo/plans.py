"""What the demo's manager has planned ahead and written herself: days away, a repair, other hours, words."""

from collections.abc import Mapping
from datetime import date, time, timedelta

from clinic import clock
from clinic.actor import Actor
from clinic.models import Resource, Site, StaffMember
from scheduling.actions import clinic_changes
from scheduling.actions.setup import wording
from scheduling.demo.places import HARBOR, MESA

AWAY_IN, AWAY_FOR = timedelta(days=33), timedelta(days=7)
REPAIR_IN, REPAIR_FOR = timedelta(days=19), timedelta(days=2)
PARKING = {
    "en": {"closing": "You can park in the yard behind the house. Ring at the blue door."},
    "es": {"closing": "Puede aparcar en el patio detrás de la casa. Llame a la puerta azul."},
}
LOOKING_FORWARD = {
    "en": {"opening": "We look forward to seeing you on {day}."},
    "es": {"opening": "Esperamos verle el {day}."},
}


def make_plans(manager: Actor, sites: Mapping[str, Site], staff: Mapping[str, StaffMember], today: date) -> None:
    """All of it, before anything is booked: nothing can be stranded by it."""
    harbor, mesa = sites[HARBOR], sites[MESA]
    begin = clock.day_bounds(today + AWAY_IN, harbor.zone)[0]
    clinic_changes.add_closure(
        by=manager,
        resource=staff["Grace Lindqvist"].resource,
        starts=begin,
        ends=begin + AWAY_FOR,
        reason="holidays",
    )
    bed = Resource.objects.get(site=harbor, name="Bed 2")
    repair = clock.day_bounds(today + REPAIR_IN, harbor.zone)[0]
    clinic_changes.add_closure(by=manager, resource=bed, starts=repair, ends=repair + REPAIR_FOR, reason="new mattress")
    friday = today + timedelta(days=(4 - today.weekday()) % 7 or 7)
    clinic_changes.add_shift_exception(
        by=manager,
        member=staff["Peter Yazzie"],
        site=mesa,
        day=friday,
        stretches=[(time(12), time(17))],
        reason="training in the morning",
    )
    wording.save_wording(by=manager, site=harbor, kind="", words=PARKING)
    wording.save_wording(by=manager, site=harbor, kind="reminder", words=LOOKING_FORWARD)
