"""What the booking page of a series shows of a search, and what its forms and links carry along."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from urllib.parse import quote

from django.utils.http import urlencode
from django.utils.safestring import SafeString

from clinic.models import Site
from scheduling.desk.booking_wishes import fixed_words
from scheduling.desk.plan_cards import PlanCard
from scheduling.desk.plan_markup import hidden_inputs
from scheduling.models import ProtocolVersion
from scheduling.selectors import swapping


@dataclass
class Found:
    """What the search gave: plans, or the sentences that say why there is none.

    `needs_clearance`: no doctor has cleared the patient for these dates, so that they can only be held. `own`: the plan
    that the clerk works on; `swap`: the visit whose other dates are shown. `typed`: everything that the
    forms of the single plans carry along, as (name, value) pairs. `last` and `farthest`: the local date up to which the
    plans were looked for, and up to which they can be.
    """

    site: Site
    version: ProtocolVersion
    needs_clearance: bool
    typed: list[tuple[str, str]]
    fixed: swapping.Fixed
    cards: list[PlanCard] = field(default_factory=list)
    own: PlanCard | None = None
    refusal: list[str] = field(default_factory=list)
    problem: list[str] = field(default_factory=list)
    swap: int = 0
    others: list[swapping.OtherDate] = field(default_factory=list)
    last: date | None = None
    farthest: date | None = None

    @property
    def sessions(self) -> int:
        """How many visits the series has."""
        return self.version.sessions

    @property
    def plans(self) -> list[PlanCard]:
        """All cards, the clerk's own first."""
        return [self.own, *self.cards] if self.own is not None else self.cards

    @cached_property
    def hidden(self) -> SafeString:
        """What the forms of the single plans carry along."""
        return hidden_inputs(self.typed)

    @property
    def fixed_value(self) -> str:
        """What the forms carry as `fixed`."""
        return fixed_words(self.fixed)

    @property
    def fixed_query(self) -> str:
        """`fixed_value` as a part of an address."""
        return quote(self.fixed_value)

    @property
    def alone(self) -> list[swapping.OtherDate]:
        """Other dates on which the rest of the plan stays as it is."""
        return [one for one in self.others if not one.moves]

    @property
    def along(self) -> list[swapping.OtherDate]:
        """Other dates for which visits beside it move along."""
        return [one for one in self.others if one.moves]

    @cached_property
    def carried(self) -> str:
        """What was typed, as the beginning of an address' query."""
        return urlencode(self.typed)
