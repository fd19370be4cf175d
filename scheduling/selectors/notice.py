"""How long before its start a visit must be known, so that the patient can fast and a driver be found."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic import clock
from clinic.models import Site
from scheduling.models import ProtocolVersion


def notice_hours(version: ProtocolVersion, site: Site, *, is_driven: bool) -> int:
    """The hours of notice that a visit needs: the protocol's for fasting, the site's for a driver where one is needed;
    0 where neither is.
    """
    return max(
        version.fasting_food_hours or 0,
        version.fasting_fluids_hours or 0,
        site.driver_notice_hours if is_driven else 0,
    )


@dataclass(frozen=True, slots=True)
class Notice:
    """What a visit that is booked now is short of: a start before `until` (UTC) is less than `hours` away."""

    hours: int
    until: datetime


def short_notice(
    version: ProtocolVersion, site: Site, starts: datetime, now: datetime, *, planned: datetime | None = None
) -> Notice | None:
    """What to warn of where the earliest start that is offered is `starts` (aware): None where there is time to fast
    and to find a driver. `planned`: when the visit is now, since for a later start both are seen to.
    """
    hours = notice_hours(version, site, is_driven=version.needs_ride)
    until = clock.of_cell(clock.cell_up(now + timedelta(hours=hours)))
    until = until if planned is None else min(until, planned)
    return Notice(hours, until) if starts < until else None
