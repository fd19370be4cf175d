"""What must agree after every step: the database as it is against the truth as it must be, counted from scratch."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from clinic.models import Resource, Site
from scheduling.models import Appointment, Hold, Message, Offer, Series
from scheduling.selectors.stranded import booked_days, stranded
from tests.machine.truth import BLOCKING, FOLLOWS, HoldRow, Truth, Units, Visit, cell_of, day_of

#: What is sent ahead of a visit, bound to the visit's version.
AHEAD = ("reminder", "prepare", "today", "ride_missing", "consult_booked", "moved")


def held_rows(now: datetime, without: Collection[UUID] = ()) -> list[HoldRow]:
    """Every hold that has not lapsed, the visits `without` left out."""
    holds = Hold.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    if without:
        holds = holds.exclude(appointment__in=without)
    return list(holds.values_list("resource_id", "start_cell", "end_cell", "first_unit", "end_unit"))


class Agreement:
    """Compares the two. `statuses`: how each visit stood after the step before."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.statuses: dict[UUID, str] = {}
        #: Who had no cover after the step before; None: this step may take it away.
        self.lost: set[UUID] | None = set()

    def check(self, now: datetime) -> None:
        """Every promise, in turn; AssertionError says which is broken."""
        connection.check_constraints()
        self._visits_are_those_of_the_truth()
        self._series_and_offers_are_those_of_the_truth()
        self._holds_have_an_owner()
        self._no_unit_is_held_twice()
        self._what_is_held_is_what_is_needed(now)
        self._nobody_comes_too_often_or_too_soon()
        self._whoever_has_no_cover_is_named(now)
        self._messages_speak_of_what_is_to_come(now)

    def _visits_are_those_of_the_truth(self) -> None:
        rows = Appointment.objects.values_list("pk", "patient", "series", "kind", "number", "status", "starts", "ends")
        found = {row[0]: row[1:] for row in rows}
        expected = {pk: _row(visit) for pk, visit in self.truth.visits.items()}
        rows_found = {pk: (*row[:5], cell_of(row[5]), cell_of(row[6])) for pk, row in found.items()}
        assert rows_found == expected, f"other visits than there must be: {rows_found}, not {expected}"
        known = {pk: (visit.counts, visit.pinned) for pk, visit in self.truth.visits.items()}
        assert {row[0]: row[1:] for row in Appointment.objects.values_list("pk", "counts", "pinned")} == known
        for pk, row in found.items():
            before = self.statuses.get(pk, row[4])
            assert row[4] == before or row[4] in FOLLOWS[before], f"a visit went from {before} to {row[4]}"
            self.statuses[pk] = row[4]
        numbers = Counter(
            (row[1], row[2], row[3]) for pk, row in found.items() if row[1] and self.truth.visits[pk].stands
        )
        assert not [key for key, count in numbers.items() if count > 1], "two visits of a series have one number"
        blocking = sorted((row[0], row[5], row[6]) for row in found.values() if row[4] in BLOCKING)
        for one, other in pairwise(blocking):
            assert one[0] != other[0] or one[2] <= other[1], "a patient is in two places at once"

    def _series_and_offers_are_those_of_the_truth(self) -> None:
        rows = Series.objects.values_list("pk", "patient", "status", "held_until", "sessions")
        assert {row[0]: row[1:] for row in rows} == {
            pk: (one.patient, one.status, one.held_until, one.sessions) for pk, one in self.truth.series.items()
        }
        offers = {row[0]: row[1:] for row in Offer.objects.values_list("pk", "patient", "status", "expires_at")}
        assert offers == {pk: (one.patient, one.status, one.expires) for pk, one in self.truth.offers.items()}

    def _holds_have_an_owner(self) -> None:
        closed_offer = Q(offer__isnull=False) & ~Q(offer__status="open")
        orphans = Hold.objects.filter(Q(appointment__status="cancelled") | closed_offer)
        assert not orphans.exists(), "something is held for a cancelled visit or a closed offer"

    def _no_unit_is_held_twice(self) -> None:
        capacities = dict(Resource.objects.values_list("pk", "capacity"))
        counts: Counter[tuple[int, int, int]] = Counter()
        for resource, start, end, lower, upper in Hold.objects.values_list(
            "resource_id", "start_cell", "end_cell", "first_unit", "end_unit"
        ):
            assert 0 <= lower < upper <= capacities[resource]
            counts.update((resource, cell, unit) for cell in range(start, end) for unit in range(lower, upper))
        assert max(counts.values(), default=1) == 1, "one unit is held twice in a cell"

    def _what_is_held_is_what_is_needed(self, now: datetime) -> None:
        held: Units = Counter()
        for resource, start, end, lower, upper in held_rows(now):
            for cell in range(start, end):
                held.update(self._units_of(resource, cell, lower, upper))
        needed = self.truth.units(now)
        assert held == needed, f"held but not needed: {held - needed}; needed but not held: {needed - held}"

    def _units_of(self, resource: int, cell: int, lower: int, upper: int) -> Units:
        if resource in self.truth.chairs:
            return Counter({("chair", cell): 1})
        if resource == self.truth.doctor:
            return Counter({("doctor", cell): 1})
        found: Units = Counter({("hands", cell): 1} if lower == 0 else {})
        if upper > 1:
            found["watch", cell] = upper - max(lower, 1)
        return found

    def _nobody_comes_too_often_or_too_soon(self) -> None:
        """No series has more infusions than it should, and no two of a patient lie nearer than the larger gap."""
        of_patient: dict[UUID, list[Visit]] = defaultdict(list)
        for visit in self.truth.visits.values():
            if visit.series is not None and visit.stands:
                of_patient[visit.patient].append(visit)
        for series, course in self.truth.series.items():
            assert len(self.truth.infusions(series)) <= course.sessions, "one infusion more than was ordered"
        for visits in of_patient.values():
            for one, other in combinations(visits, 2):
                least = max(self.truth.series[each.series].least for each in (one, other) if each.series is not None)
                near = abs((day_of(one.start) - day_of(other.start)).days) < least
                assert not near or (one.counts and other.counts), "two infusions of a patient lie too near"

    def _whoever_has_no_cover_is_named(self, now: datetime) -> None:
        """The work list names exactly those; and only what has simply happened makes it longer."""
        holds = Hold.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now))
        columns = ("resource_id", "start_cell", "end_cell", "first_unit", "end_unit")
        rows = holds.values_list("appointment", "offer", *columns)
        lost = self.truth.without_cover([(row[0] or row[1], row[2:]) for row in rows], now)
        assert self.lost is None or lost <= self.lost, "a visit lost its cover, and nothing has happened"
        self.lost = lost
        site = Site.objects.get()
        named = set(stranded(site, booked_days(site, now), now))
        assert named == lost, f"without cover, not named: {lost - named}; named, but covered: {named - lost}"

    def _messages_speak_of_what_is_to_come(self, now: datetime) -> None:
        waiting = Message.objects.filter(state__in=["due", "person"], appointment__isnull=False, recipient="patient")
        useful = waiting.filter(Q(not_after=None) | Q(not_after__gt=now)).select_related("appointment")
        for message in useful:
            visit: Any = message.appointment
            if message.kind in AHEAD:
                assert visit.status in BLOCKING, f"{message.kind} is due for a visit that is {visit.status}"
                assert message.version == visit.version, f"{message.kind} is due for an older version of its visit"
            elif message.kind == "cancelled":
                assert visit.status == "cancelled"
                assert message.version == visit.version


def _row(visit: Visit) -> tuple[Any, ...]:
    return (visit.patient, visit.series, visit.what, visit.number, visit.status, visit.start, visit.end)
