"""Steps that go together, told over and over with other numbers: they reach what chance would take long to find."""

import random
from collections.abc import Callable

from tests.machine.everything import FullMachine
from tests.machine.truth import cell_at
from tests.machine.wall import CELLS_A_DAY
from tests.machine.world import World

Story = Callable[[FullMachine, random.Random], None]


def tell(world: World, story: Story, times: int = 40) -> int:
    """The same steps with other numbers, the database looked at after each. How many visits and offers it came to."""
    machine, dice = FullMachine(world), random.Random(7)
    try:
        for _ in range(times):
            story(machine, dice)
            machine.the_database_agrees()
        return len(machine.truth.visits) + len(machine.truth.offers)
    finally:
        machine.teardown()


def _minute(dice: random.Random) -> int:
    return 480 + 5 * dice.randrange(25)


def crowd_one_day(machine: FullMachine, dice: random.Random) -> None:
    """Book and cancel on one day until its watch units lie scattered."""
    machine.book_injections_at_any_time(1, [_minute(dice) for _ in range(2)])
    machine.cancel_a_visit(dice.randrange(100))
    machine.book_an_injection_at_a_free_time(1, dice.randrange(100))


def let_time_lapse(machine: FullMachine, dice: random.Random) -> None:
    """Keep a plan in a crowded clinic, let it lapse, and give its time to somebody else."""
    machine.book_injections_at_any_time(1, [_minute(dice) for _ in range(3)])
    machine.book_a_series(1, "long", 1, dice.randrange(4), 2, 0)
    if machine._held_for_a_while():
        machine.what_was_held_lapses_and_somebody_else_takes_it(dice.randrange(100))


def answer_offers(machine: FullMachine, dice: random.Random) -> None:
    """Keep plans, and say yes, no, or yes when it is too late."""
    answers: tuple[Callable[[], None], ...] = (
        lambda: machine.say_yes_in_time(dice.randrange(100)),
        lambda: machine.say_no(dice.randrange(100), False),
        lambda: machine.say_yes_too_late(dice.randrange(100), False),
    )
    for answer in answers:
        machine.keep_a_plan(dice.randrange(1, 3), _minute(dice), "long", 4)
        if machine._open_offers():
            answer()
        machine.the_database_agrees()


def lose_cover(machine: FullMachine, dice: random.Random) -> None:
    """Book, let something of it be out, and re-plan whoever has no cover."""
    machine.book_a_series(1, "long", 1, 0, 0, 0)
    if machine._soon():
        machine.something_is_out_that_somebody_needs(dice.randrange(100), dice.randrange(100), 0, 3)
    if machine._visits_lost():
        machine.the_desk_agrees_to_a_rescue(0, False)


def close_for_days(machine: FullMachine, dice: random.Random) -> None:
    """Snow over several days of one series, re-planned together."""
    machine.book_a_series(1, "long", 1, 0, 0, 0)
    opens = cell_at(machine.driver.open_day(1), 8 * 60)
    machine._out(None, opens, opens + dice.choice((2, 3)) * CELLS_A_DAY)
    if machine._visits_lost():
        machine.the_desk_agrees_to_a_rescue(0, False)


def close_at_noon(machine: FullMachine, dice: random.Random) -> None:
    """The site is closed for an hour in the middle of a plan that is kept for somebody."""
    machine.keep_a_plan(1, _minute(dice), "long", 4)
    for _, kept in machine._open_offers():
        machine._out(None, kept.starts[0] + 2, kept.starts[0] + 14)
        break


def change_a_course(machine: FullMachine, dice: random.Random) -> None:
    """Book three infusions, fix one, move another against it, change their number, and lose one."""
    machine.book_a_series(1, "long", 1, 0, 0, 0)
    changes: tuple[Callable[[], None], ...] = (
        lambda: machine.keep_a_date_fixed(dice.randrange(100), True),
        lambda: machine.move_a_visit_and_whoever_stands_in_its_way(dice.randrange(100), dice.randrange(-3, 5), None),
        lambda: machine.a_doctor_changes_the_course(dice.randrange(100), dice.choice((-1, 1)), None),
        lambda: machine.cancel_a_visit(dice.randrange(100)),
        lambda: machine.plan_the_rest(dice.randrange(100), 0),
    )
    for change in changes:
        if machine._running() and machine._of_running_series():
            change()
            machine.the_database_agrees()


def lose_infusions(machine: FullMachine, dice: random.Random) -> None:
    """Somebody in the middle of three infusions misses one, and it is made up, once."""
    machine.book_a_series(1, "long", 1, 0, 0, 0)
    for _ in range(2):
        if machine._soon():
            machine.somebody_does_not_come(dice.randrange(100), 10)
            machine.the_database_agrees()
    for _ in range(2):
        if machine._lost_infusions():
            machine.make_up_for_a_lost_one(dice.randrange(100), dice.randrange(100), 0)
            machine.the_database_agrees()


def change_the_clinic(machine: FullMachine, dice: random.Random) -> None:
    """A chair, a nurse or the site is to be away while somebody is booked, or a shift is to end."""
    minute = _minute(dice)
    machine.book_injections_at_any_time(1, [minute, minute])
    machine.something_closes(dice.randrange(100), 1, minute, 2)
    machine.a_shift_ends(dice.randrange(100), dice.randrange(5))


def suspend_somebody(machine: FullMachine, dice: random.Random) -> None:
    """A doctor takes back a yes, or gives one."""
    machine.book_a_series(1, "long", 1, 0, 0, 0)
    machine.a_doctor_decides(dice.randrange(100), dice.choice(("no", "long")))


def give_boosters(machine: FullMachine, dice: random.Random) -> None:
    """An injection is given, a doctor sets boosters every week, they are given, and the next ones follow."""
    if not machine._induced():
        machine.book_injections_at_any_time(1, [_minute(dice)])
        if machine._to_treat():
            machine.somebody_comes(0, "treated")
    if machine._induced():
        if not any(one.what == "booster" for one in machine.truth.visits.values()):
            machine.a_doctor_sets_boosters(0, 7)
        for _ in range(8):
            machine.time_passes(24, False)
            if machine._to_treat():
                machine.somebody_comes(dice.randrange(100), "treated")
    machine.boosters_roll_on()
