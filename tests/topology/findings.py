"""What was found, line by line, beside what was promised."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """Lines of (what, value, promise, kept)."""

    lines: list[tuple[str, object, str, bool]] = field(default_factory=list)

    def note(self, what: str, value: object, promise: str, kept: bool) -> None:
        """One line; printed at once."""
        self.lines.append((what, value, promise, kept))
        print(f"{'ok   ' if kept else 'BROKEN'} {what}: {value} ({promise})", flush=True)

    def check(self, what: str, faults: int) -> None:
        """A line that must be none."""
        self.note(what, faults, "none", faults == 0)

    @property
    def kept(self) -> bool:
        """Whether everything is as promised."""
        return all(kept for *_, kept in self.lines)
