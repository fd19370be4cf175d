"""A date in an address."""

from datetime import date


class DayConverter:
    """`2026-12-07` in an address becomes a date; what is no date of the calendar is no such page."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Raises ValueError, which Django answers with 404."""
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        """The date as ISO 8601 has it."""
        return value if isinstance(value, str) else value.isoformat()
