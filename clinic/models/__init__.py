"""The clinic itself: sites, what and who works there, and the trail of what was done."""

from clinic.models.audit import AuditEvent, AuditSeal, Heartbeat, IdempotencyKey
from clinic.models.resource import CHAIRS, Resource, ResourceKind, Shift, ShiftException, StaffMember, StaffRole
from clinic.models.site import Closure, OpeningHours, Site, Weekday
from clinic.models.user import User

__all__ = [
    "CHAIRS",
    "AuditEvent",
    "AuditSeal",
    "Closure",
    "Heartbeat",
    "IdempotencyKey",
    "OpeningHours",
    "Resource",
    "ResourceKind",
    "Shift",
    "ShiftException",
    "Site",
    "StaffMember",
    "StaffRole",
    "User",
    "Weekday",
]
