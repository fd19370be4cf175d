"""The work: protocols, series, visits, the time they hold, what happens at them, rides and messages."""

from scheduling.models.appointment import Appointment, Ending, Hold, Offer
from scheduling.models.booster_dates import NewTime, ProposalNight, ProposedBooster
from scheduling.models.correction import TimeCorrection
from scheduling.models.course_change import CourseChange
from scheduling.models.earlier import EarlierWish, Invitation
from scheduling.models.happening import AdverseEvent, SideEffect
from scheduling.models.kept_count import KeptCount
from scheduling.models.medicine import Dose, GivenRoute, Order, Unit
from scheduling.models.message import BirthDateMiss, Link, Message, MessageAttempt
from scheduling.models.pause import Pause
from scheduling.models.protocol import LadderStep, Phase, PhaseNeed, Protocol, ProtocolText, ProtocolVersion
from scheduling.models.question import Question
from scheduling.models.reading import Reading
from scheduling.models.request import ChangeRequest
from scheduling.models.series import BoosterPlan, Series
from scheduling.models.visit import Ride, VisitRecord
from scheduling.models.wording import SiteWording

__all__ = [
    "AdverseEvent",
    "Appointment",
    "BirthDateMiss",
    "BoosterPlan",
    "ChangeRequest",
    "CourseChange",
    "Dose",
    "EarlierWish",
    "Ending",
    "GivenRoute",
    "Hold",
    "Invitation",
    "KeptCount",
    "LadderStep",
    "Link",
    "Message",
    "MessageAttempt",
    "NewTime",
    "Offer",
    "Order",
    "Pause",
    "Phase",
    "PhaseNeed",
    "ProposalNight",
    "ProposedBooster",
    "Protocol",
    "ProtocolText",
    "ProtocolVersion",
    "Question",
    "Reading",
    "Ride",
    "Series",
    "SideEffect",
    "SiteWording",
    "TimeCorrection",
    "Unit",
    "VisitRecord",
]
