"""One visit as a page of the nurse shows it: to whom, and with which form."""

from django.forms import Form

from clinic.models import User
from scheduling.models import Appointment, VisitRecord
from scheduling.nurse.forms import VisitForm
from scheduling.selectors.visits import phase_of, record_or_none


class OneVisit:
    """One visit as it is shown to `user`. `refused` stands in for the fresh form of its kind, so that what was typed
    is kept.
    """

    def __init__(self, visit: Appointment, user: User, refused: Form | None = None) -> None:
        self.visit = visit
        self.user = user
        self.refused = refused
        self.phase = phase_of(visit)
        self.record: VisitRecord | None = record_or_none(visit)

    def form(self, form_class: type[VisitForm]) -> VisitForm:
        """The form as it was typed and refused, else a fresh one."""
        if isinstance(self.refused, form_class):
            return self.refused
        return form_class(visit=self.visit)
