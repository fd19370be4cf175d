"""The work: protocols, series, visits, the time they hold, rides and messages."""

from scheduling.models.appointment import Appointment, Ending, Hold, Offer
from scheduling.models.message import Link, Message, MessageAttempt
from scheduling.models.protocol import LadderStep, Phase, PhaseNeed, Protocol, ProtocolText, ProtocolVersion
from scheduling.models.request import ChangeRequest
from scheduling.models.series import BoosterPlan, Series
from scheduling.models.visit import Ride, VisitRecord

__all__ = [
    "Appointment",
    "BoosterPlan",
    "ChangeRequest",
    "Ending",
    "Hold",
    "LadderStep",
    "Link",
    "Message",
    "MessageAttempt",
    "Offer",
    "Phase",
    "PhaseNeed",
    "Protocol",
    "ProtocolText",
    "ProtocolVersion",
    "Ride",
    "Series",
    "VisitRecord",
]
