"""All rules together."""

from tests.machine.clinic_rules import ClinicRules
from tests.machine.course_rules import CourseRules
from tests.machine.offer_rules import OfferRules
from tests.machine.outage_rules import OutageRules


class FullMachine(ClinicRules, OfferRules, OutageRules, CourseRules):
    """Everything that changes what is held."""
