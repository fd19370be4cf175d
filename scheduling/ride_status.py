"""The one table along which a ride's status moves (house rule 6). Only actions call `move`.

needed → named → confirmed → picked up; a companion may decline, the patient may name another, and a doctor may waive.
"""

from django.utils.translation import gettext as _

from clinic import clock
from clinic.errors import WrongStatus
from clinic.models import StaffMember
from patients.models import Contact
from scheduling.models import Ride

S = Ride.Status

MOVES: dict[Ride.Status, frozenset[Ride.Status]] = {
    S.NEEDED: frozenset({S.NAMED, S.CONFIRMED, S.PICKED_UP, S.WAIVED}),
    # Named to named: another companion instead, or a visit that moved and has to be agreed anew.
    S.NAMED: frozenset({S.NAMED, S.CONFIRMED, S.DECLINED, S.NEEDED, S.PICKED_UP, S.WAIVED}),
    S.CONFIRMED: frozenset({S.NAMED, S.CONFIRMED, S.DECLINED, S.NEEDED, S.PICKED_UP, S.WAIVED}),
    # Declined to confirmed: the companion thought again.
    S.DECLINED: frozenset({S.NAMED, S.CONFIRMED, S.NEEDED, S.PICKED_UP, S.WAIVED}),
    # Somebody drives after all; the waiver is void then.
    S.WAIVED: frozenset({S.NAMED, S.CONFIRMED, S.PICKED_UP}),
    S.PICKED_UP: frozenset(),
}


def move(
    ride: Ride,
    to: Ride.Status,
    *,
    companion: Contact | None,
    waived_by: StaffMember | None = None,
    waiver_reason: str = "",
) -> None:
    """Write `to` and who drives under it. `version` counts the changes that make older messages to a companion untrue.

    Raises WrongStatus when the table has no such move.
    """
    before = S(ride.status)
    if to not in MOVES[before]:
        raise WrongStatus(
            _("A ride that is “%(before)s” cannot become “%(after)s”. Nothing was changed.")
            % {"before": before.label, "after": to.label}
        )
    agreed_only = ride.companion_id == (companion.pk if companion else None) and to in {S.CONFIRMED, S.PICKED_UP}
    if not agreed_only:
        ride.version += 1
    ride.status = to
    ride.companion = companion
    ride.waived_by = waived_by
    ride.waiver_reason = waiver_reason
    ride.changed_at = clock.now()
    # What came of a call about it was said of the ride as it stood: whoever declines now is called about at once.
    ride.call_outcome, ride.called_at, ride.called_by, ride.call_note, ride.call_after = "", None, None, "", None
    ride.save(
        update_fields=[
            *("status", "companion", "version", "changed_at", "waived_by", "waiver_reason"),
            *("call_outcome", "called_at", "called_by", "call_note", "call_after"),
        ]
    )
