"""What a finished rescue says: a proposal for each visit with its reasons, and the cost by term.

Codes of the reasons (parameters; minutes are local):

``rescue_handover``            the time stays, others serve the visit
``rescue_same_day``            another time of the same day (date, minute, wanted)
``rescue_other_day``           another day, so many away (date, days, minute)
``rescue_day_closed``          why not its own day: the site is closed (date)
``rescue_day_full``            why not its own day or time: nothing is free that suits (date)
``rescue_follows``             it has its cover, but a visit of the series that moved comes too near or too far (date)
``rescue_nobody_takes_over``   left: it cannot move, and nobody is free to take over
``rescue_gaps_leave_no_day``   left: no open day keeps the gaps to the visits around it (least, most)
``rescue_outside_hours``       left: there is room, but only outside the hours of patient or driver
``rescue_nothing_free``        left: on the days that keep the gaps nothing is free
"""

from collections.abc import Mapping, Sequence

from scheduling.planner.rescue import LEFT, TERMS, Course, Proposal, Rescue, RescueRequest, points
from scheduling.planner.rescue_options import Choice, Options, Place
from scheduling.planner.values import Placement, Reason

Key = tuple[int, int]
"""Course and visit, by their numbers."""


def write_rescue(
    request: RescueRequest,
    chosen: Sequence[Choice],
    placed: Mapping[Key, tuple[Placement, ...]],
    options: Options,
) -> Rescue:
    """The rescue in which each course has its ``chosen`` places, on ``options`` as the days stand in the end."""
    proposals: list[Proposal] = []
    terms = dict.fromkeys(TERMS, 0)
    for number, (course, choice) in enumerate(zip(request.courses, chosen, strict=True)):
        for index, (visit, place) in enumerate(zip(course.visits, choice.places, strict=True)):
            if not (place.served or visit.stranded):
                continue
            paid = points(visit, place.date, place.start, place.minute)
            tidy = place.cost - sum(paid.values())
            for term, many in {**paid, ("tidy" if place.served else "left"): tidy}.items():
                terms[term] += many
            proposals.append(
                Proposal(
                    key=visit.key,
                    course=course.key,
                    old_date=visit.date,
                    old_start=visit.start,
                    new_date=place.date if place.served else None,
                    new_start=place.start if place.served else None,
                    placements=placed.get((number, index), ()),
                    reasons=tuple(_reasons(options, course, choice, index)),
                    follows=not visit.stranded,
                )
            )
    proposals.sort(key=lambda one: (one.old_start, str(one.key)))
    return Rescue(tuple(proposals), terms)


def _reasons(options: Options, course: Course, choice: Choice, index: int) -> list[Reason]:
    visit, place = course.visits[index], choice.places[index]
    if not place.served:
        return [_why_left(options, course, index)]
    if not visit.stranded:
        return [_why_follows(course, choice, index)]
    if place.start == visit.start:
        return [Reason("rescue_handover")]
    if place.date == visit.date:
        return [Reason("rescue_same_day", {"date": place.date, "minute": place.minute, "wanted": visit.minute})]
    days = abs((place.date - visit.date).days)
    is_open = visit.date in options.seats.number
    own_day = Reason("rescue_day_full" if is_open else "rescue_day_closed", {"date": visit.date})
    return [Reason("rescue_other_day", {"date": place.date, "days": days, "minute": place.minute}), own_day]


def _why_follows(course: Course, choice: Choice, index: int) -> Reason:
    """The nearest visit of the series that lost its cover and moves: this one keeps the gap to it."""
    moved = [
        place.date
        for place, visit in zip(choice.places, course.visits, strict=True)
        if visit.stranded and place.served and place.start != visit.start
    ]
    own = course.visits[index].date
    return Reason("rescue_follows", {"date": min(moved, key=lambda one: abs((one - own).days), default=own)})


def _why_left(options: Options, course: Course, index: int) -> Reason:
    if not course.visits[index].may_move:
        return Reason("rescue_nobody_takes_over")
    if options.would_fit(course, index, without_wishes=True):
        return Reason("rescue_outside_hours" if not options.would_fit(course, index) else "rescue_nothing_free")
    if not options.open_dates(course, index):
        return Reason("rescue_gaps_leave_no_day")
    return Reason("rescue_nothing_free")


def unmoved(course: Course) -> Choice:
    """Everything as it is booked, the stranded visits without cover."""
    places = tuple(
        Place(visit.date, visit.start, visit.minute, LEFT if visit.stranded else 0, served=False)
        for visit in course.visits
    )
    return Choice(places, sum(place.cost for place in places))
