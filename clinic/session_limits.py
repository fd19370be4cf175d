"""How long a sign-in lasts, by role, as the environment says it. Needs no Django: settings read it."""

from dataclasses import dataclass
from datetime import timedelta

#: Minutes without a deed and hours at all. A front desk types all day; a nurse's tablet lies about.
DEFAULT = "front_desk=30/12,nurse=20/12,doctor=20/12,manager=20/10,support=15/8"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long without a deed, and how long at all."""

    idle: timedelta
    whole: timedelta


def read_session_limits(text: str) -> dict[str, Limits]:
    """Limits by role from "front_desk=30/12,nurse=20/12": minutes / hours. A role not named keeps its default.

    Raises ValueError where it cannot be read, or where a session could last for less than two minutes or more than
    a day.
    """
    known = {}
    for part in f"{DEFAULT},{text}".strip(",").split(","):
        role, _equals, numbers = part.strip().partition("=")
        try:
            minutes, hours = (float(number) for number in numbers.split("/"))
        except ValueError:
            raise ValueError(f"SESSION_LIMITS: {part!r} must look like front_desk=30/12.") from None
        limits = Limits(timedelta(minutes=minutes), timedelta(hours=hours))
        if not timedelta(minutes=2) <= limits.idle <= limits.whole <= timedelta(hours=24):
            raise ValueError(f"SESSION_LIMITS: {part!r} must lie between two minutes and 24 hours.")
        known[role] = limits
    return known
