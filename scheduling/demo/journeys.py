"""Lives each demo patient's journey through the real actions, day by day, with the clock taken along."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import uuid4

from clinic import clock
from clinic.models import Site
from patients import actions as people
from patients.models import Clearance, Contact, Measure, Observation, Patient, Questionnaire
from scheduling.actions import booking, boosters, moving, rides
from scheduling.actions.series_writing import SeriesOrder
from scheduling.demo import attending, chairside, offering, papers, scores
from scheduling.demo.attending import Team
from scheduling.demo.cast import Role, Stage
from scheduling.models import Appointment, ProtocolVersion, Series
from scheduling.planner.values import Wishes
from scheduling.selectors import planning

#: Days before today on which the first consult of a patient at that stage was.
CONSULT_DAYS_AGO = {
    Stage.AWAITING_CLEARANCE: 4,
    Stage.HELD: 3,
    Stage.CLEARED: 8,
    Stage.INDUCTION: 18,
    Stage.TO_DECIDE: 42,
    Stage.MAINTENANCE: 105,
    Stage.STOPPED: 60,
    Stage.REFUSED: 20,
}
#: Hours that patients ask for, in turn: so the demo's days are not all alike.
PREFERRED_HOURS = ((9, 12), (13, 17), (10, 13), (8, 11), (12, 16))
#: Inductions under way began on different days, so that one is at its second infusion and another at its fifth.
STAGGER_DAYS = (0, 4, 8, 2, 6)


@dataclass(slots=True)
class Journey:
    """One patient on the way from the first call to where `role.stage` says."""

    role: Role
    site: Site
    team: Team
    versions: dict[str, ProtocolVersion]
    today: date

    def live(self) -> None:
        """Everything from the first call until today."""
        stage = self.role.stage
        ago = CONSULT_DAYS_AGO.get(stage, 0)
        if stage is Stage.INDUCTION:
            ago -= STAGGER_DAYS[len(self.role.family) % len(STAGGER_DAYS)]
        consult_day = self._open_day(self.today - timedelta(days=ago)) if ago else self.today
        patient = self._register(self.today - timedelta(days=ago + 6))
        if stage is Stage.NEW:
            return
        if stage is Stage.CONSULT_AHEAD:
            self._book_consult(patient, self.today - timedelta(days=1), self.today + timedelta(days=2))
            return
        consult = self._book_consult(patient, consult_day - timedelta(days=4), consult_day)
        attending.attend_consult(self.team, consult)
        self._screen(patient, consult)
        if stage is Stage.AWAITING_CLEARANCE:
            return
        if stage is Stage.HELD:
            self._series(patient, self.today - timedelta(days=1), self.today + timedelta(days=3))
            return
        decided_on = consult.starts.astimezone(self.site.zone).date() + timedelta(days=1)
        if stage is Stage.REFUSED:
            self._decide(patient, decided_on, Clearance.Decision.REFUSED)
            return
        self._decide(patient, decided_on, Clearance.Decision.CLEARED)
        self._consent(patient, decided_on)
        if stage is Stage.CLEARED:
            return
        series = self._series(patient, decided_on, decided_on + timedelta(days=2))
        chairside.order(self.team.doctor, series)
        self._course(patient, series)

    def _course(self, patient: Patient, series: Series) -> None:
        """The induction, and what followed it."""
        stage = self.role.stage
        self._ride_for_all(patient, series)
        infusions = list(series.appointments.filter(kind=Appointment.Kind.INFUSION).order_by("starts"))
        lived = infusions[:3] if stage is Stage.STOPPED else infusions
        attending.live_through(self.team, self.role, lived)
        scores.report(patient, self.team.desk, lived, until=clock.now())
        if stage is Stage.STOPPED:
            with clock.at_moment(lived[-1].ends + timedelta(hours=20)):
                moving.stop_series(
                    by=self.team.doctor, series=series, reason="The patient felt no benefit and wishes to stop."
                )
        if stage is Stage.MAINTENANCE:
            self._maintain(patient, series, infusions[-1])

    def _maintain(self, patient: Patient, series: Series, last: Appointment) -> None:
        """Boosters from the end of the induction until today, and those booked ahead."""
        version = series.protocol_version
        interval, tolerance = int(version.booster_interval_days or 21), int(version.booster_tolerance_days)
        when = last.ends + timedelta(days=1)
        reason = "Relief after the induction held for some weeks."
        if self.site.offers_boosters:
            with clock.at_moment(when):
                self._set_interval(series, interval, tolerance, reason)
            offering.live_on_offers(patient, series, self.team.desk, lambda due: self._attend(patient, series, due))
            return
        while when < clock.now():
            with clock.at_moment(when):
                self._set_interval(series, interval, tolerance, reason)
            ahead = list(series.appointments.blocking().filter(kind=Appointment.Kind.BOOSTER).order_by("starts"))
            due = [visit_ for visit_ in ahead if visit_.starts < clock.now()]
            self._attend(patient, series, due)
            if not due:
                break
            when = due[-1].ends + timedelta(days=1)
            reason = "Reviewed with the patient; the interval stays."

    def _attend(self, patient: Patient, series: Series, due: Sequence[Appointment]) -> None:
        self._ride_for_all(patient, series)
        attending.live_through(self.team, self.role, due)
        if due:
            scores.report(patient, self.team.desk, due, until=clock.now())

    def _set_interval(self, series: Series, interval: int, tolerance: int, reason: str) -> None:
        preview = boosters.preview_interval(
            series=series, interval_days=interval, tolerance_days=tolerance, now=clock.now()
        )
        boosters.set_booster_interval(
            by=self.team.doctor,
            series=series,
            interval_days=interval,
            tolerance_days=tolerance,
            reason=reason,
            starts=preview.starts,
            key=uuid4(),
        )

    def _register(self, day: date) -> Patient:
        role = self.role
        with self._at(day, 10):
            patient = people.register_patient(
                by=self.team.desk,
                site=self.site,
                given_name=role.given,
                family_name=role.family,
                birth_date=role.born,
                sex=role.sex,
                language=role.language,
                interpreter=role.interpreter,
                email=f"{role.given}.{role.family}@patients.example".lower().replace("í", "i") if role.mail else "",
                phone=self._phone(f"{role.given}{role.family}"),
            )
            if role.companion:
                self._companion(patient)
        return patient

    def _companion(self, patient: Patient) -> Contact:
        return people.add_contact(
            by=self.team.desk,
            patient=patient,
            name=self.role.companion,
            relationship="family",
            phone=self._phone(self.role.companion),
            is_adult=True,
            may_be_told=True,
            may_drive=True,
            language=self.role.language,
        )

    def _phone(self, name: str) -> str:
        """A number of the range that is kept for fiction (555-01xx), the same for the same name."""
        area = "617" if self.site.state == "MA" else "602"
        return f"+1{area}55501{sum(name.encode()) % 100:02d}"

    def _book_consult(self, patient: Patient, asked_on: date, wanted: date) -> Appointment:
        doctor = self.team.doctors[self.role.site]
        version = self.versions["First consult"]
        with self._at(asked_on, 9):
            slots = planning.consult_slots(
                site=self.site, version=version, doctor=doctor, first_day=wanted, now=clock.now(), patient=patient
            )
            return booking.book_consult(
                by=self.team.desk,
                patient=patient,
                site=self.site,
                version=version,
                doctor=doctor,
                starts=slots[0].starts,
                mode=Appointment.Mode.IN_PERSON,
                key=uuid4(),
            )

    def _screen(self, patient: Patient, consult: Appointment) -> None:
        questions = Questionnaire.objects.get(is_current=True).questions
        answers = {question["id"]: "yes" if question.get("flag") in self.role.yes else "no" for question in questions}
        with clock.at_moment(consult.starts - timedelta(minutes=2)):
            people.record_screening(by=self.team.desk, patient=patient, answers=answers)
            for measure, value in ((Measure.SYSTOLIC, 128), (Measure.DIASTOLIC, 82), (Measure.PAIN, 7)):
                people.record_observation(
                    by=self.team.nurse,
                    patient=patient,
                    measure=measure,
                    value=value,
                    effective_at=consult.starts - timedelta(minutes=2),
                    source=Observation.Source.STAFF,
                    source_id=f"consult {consult.pk}",
                )

    def _decide(self, patient: Patient, day: date, decision: Clearance.Decision) -> None:
        yes = decision is Clearance.Decision.CLEARED
        high = yes and "blood_pressure" in self.role.yes
        with self._at(day, 11):
            people.decide_clearance(
                by=self.team.doctor,
                patient=patient,
                decision=Clearance.Decision.CONDITIONS if high else decision,
                terms=people.Terms(systolic_limit=150, diastolic_limit=95) if high else None,
                conditions="Takes the morning tablet as usual." if high else "",
                valid_until=day + timedelta(days=365) if yes else None,
                reason="" if yes else "The risk outweighs the expected benefit; referred back with a letter.",
            )

    def _consent(self, patient: Patient, day: date) -> None:
        with self._at(day, 12):
            papers.sign(patient, self.team.desk)
            papers.authorise(patient, self.team.desk, day)

    def _series(self, patient: Patient, asked_on: date, first_day: date) -> Series:
        version = self.versions[self.role.course]
        early, late = PREFERRED_HOURS[patient.record_number % len(PREFERRED_HOURS)]
        wishes = Wishes(preferred_from=early * 60, preferred_until=late * 60)
        with self._at(asked_on, 14):
            result = planning.plan_series(
                site=self.site, version=version, wishes=wishes, first_day=first_day, patient=patient, now=clock.now()
            )
            plan = result.plans[0]
            return booking.book_series(
                by=self.team.desk,
                order=SeriesOrder(
                    patient=patient,
                    site=self.site,
                    version=version,
                    first_day=first_day,
                    wishes=wishes,
                    starts=[clock.of_cell(planned.start) for planned in plan.visits],
                ),
                key=uuid4(),
            )

    def _ride_for_all(self, patient: Patient, series: Series) -> None:
        """The usual companion drives, where there is one; those still to come of a patient without one stay open."""
        companion = patient.contacts.filter(may_drive=True).first()
        open_visits = list(series.appointments.blocking().filter(ride__status="needed").order_by("starts"))
        if companion is None:
            open_visits = [visit_ for visit_ in open_visits if visit_.starts < clock.now()]
            companion = self._stand_in(patient) if open_visits else None
        if open_visits and companion is not None:
            with clock.at_moment(open_visits[0].starts - timedelta(days=2)):
                rides.name_companion(by=self.team.desk, appointments=open_visits, companion=companion, confirmed=True)

    def _stand_in(self, patient: Patient) -> Contact:
        return people.add_contact(
            by=self.team.desk,
            patient=patient,
            name="Jo Neighbor",
            relationship="neighbor",
            phone=self._phone("Jo Neighbor"),
            is_adult=True,
            may_be_told=True,
            may_drive=True,
        )

    def _open_day(self, day: date) -> date:
        """The working day at or before `day`."""
        while day.weekday() > 4:
            day -= timedelta(days=1)
        return day

    def _at(self, day: date, hour: int) -> AbstractContextManager[None]:
        """The clock at that local hour of that day, never past the real present."""
        moment = clock.moment(day, time(hour), self.site.zone)
        return clock.at_moment(min(moment, clock.now()))
