"""Plans kept while the patient asks the driver: a yes in time, a no, and what comes too late."""

from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from clinic.actor import Actor
from scheduling.actions import offers
from scheduling.models import Offer
from scheduling.planner.values import Wishes
from tests.machine.driver import TICK
from tests.machine.machine import CLEARED, DAY, MORNING, WHICH, ClinicMachine, pick
from tests.machine.truth import BLOCKING, Kept, cell_at, day_of


class OfferRules(ClinicMachine):
    """Everything that becomes of an offer."""

    @rule(day=DAY, minute=MORNING, cleared=CLEARED, hours=st.sampled_from([1, 4, 30, 168]))
    def keep_a_plan(self, day: int, minute: int, cleared: str, hours: int) -> None:
        """One injection, at any time of a morning, held for some hours."""
        start = cell_at(self.driver.open_day(day), minute)
        wanted = {
            "patient": self.driver.new_patient(cleared),
            "site": self.world.clinic.site,
            "version": self.world.one,
            "first_day": day_of(start),
            "wishes": Wishes(),
        }
        self._book(wanted, [start], hours)

    @precondition(lambda self: self._open_offers())
    @rule(which=WHICH)
    def say_yes_in_time(self, which: int) -> None:
        """The time kept becomes the patient's, whatever else was booked meanwhile; a second click changes nothing."""
        pk, kept = pick(self._open_offers(), which)
        offer, key = self._offer(pk), uuid4()
        may = self._may_come(kept)
        series, no = self.driver.answer(offers.accept_offer, by=self.world.clerk, offer=offer, key=key)
        assert (no is None) == may, f"a yes in time: {no.message if no else 'taken, though the patient cannot come'}"
        if series is None:
            return
        kept.status = "accepted"
        self.driver.note_series(series, offer.protocol_version, kept.starts)
        again = self.driver.act(offers.accept_offer, by=self.world.clerk, offer=offer, key=key)
        assert again.pk == series.pk
        if self.driver.agreement.lost is None or pk in self.driver.agreement.lost:
            # What was kept had lost its cover already; now the visits have.
            self.driver.agreement.lost = None

    @precondition(lambda self: self.truth.offers)
    @rule(which=WHICH, again=st.booleans())
    def say_no(self, which: int, again: bool) -> None:
        """The time is free at once; one that was taken up stays taken up."""
        pk, kept = pick(list(self.truth.offers.items()), which)
        for _ in range(1 + again):
            no = self.driver.refused(offers.decline_offer, by=self.world.clerk, offer=self._offer(pk))
            assert no == (kept.status == "accepted")
            kept.status = "declined" if kept.status == "open" else kept.status

    @precondition(lambda self: self._open_offers())
    @rule(which=WHICH, tidied=st.booleans())
    def say_yes_too_late(self, which: int, tidied: bool) -> None:
        """From the moment on at which an offer lapses nobody can take it up, tidied away or not."""
        pk, kept = pick(self._open_offers(), which)
        early = self.driver.refused(offers.expire_offer, by=Actor.system("release_lapsed"), offer=self._offer(pk))
        assert early, "an offer was put away before its time"
        self.driver.now = max(self.driver.now, kept.expires - TICK)
        if tidied:
            self.driver.act(offers.expire_offer, by=Actor.system("release_lapsed"), offer=self._offer(pk))
            kept.status = "expired"
        _, no = self.driver.answer(offers.accept_offer, by=self.world.clerk, offer=self._offer(pk), key=uuid4())
        assert no is not None, "an offer that is over was accepted"
        assert no.code == "lapsed"

    def _open_offers(self) -> list[tuple[UUID, Kept]]:
        """Those that can be taken up for a while yet."""
        soon = self.driver.now + timedelta(minutes=1)
        return [(pk, one) for pk, one in self.truth.offers.items() if one.status == "open" and one.expires > soon]

    def _may_come(self, kept: Kept) -> bool:
        """Whether nothing else that became of the patient stands in the way."""
        if kept.patient in self.truth.refused:
            return False
        for one in self.truth.visits.values():
            if one.patient != kept.patient:
                continue
            if one.status in BLOCKING and any(
                one.start < start + kept.kind.cells and start < one.end for start in kept.starts
            ):
                return False
            if one.series is not None and one.stands:
                least = max(self.truth.series[one.series].least, self.world.version_of(kept.kind).min_gap_days)
                if any(abs((day_of(one.start) - day_of(start)).days) < least for start in kept.starts):
                    return False
        return True

    def _offer(self, pk: UUID) -> Offer:
        return Offer.objects.select_related("site", "patient", "protocol_version").get(pk=pk)
