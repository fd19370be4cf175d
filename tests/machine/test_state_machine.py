"""Booking under fire: anything in any order, and after each step the database agrees with a plain model of the truth.

docs/testing.md says how to let it run longer. The controls break one guard each, and the machine must find it.
"""

import os
import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.breakages import BREAKAGES, Breakage, expiry_is_ignored, labels_are_not_fitted, lapsed_rows_stay
from tests.machine.everything import FullMachine
from tests.machine.world import World, make_world

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("CLINIC_MACHINE_EXAMPLES", "12"))
STEPS = int(os.environ.get("CLINIC_MACHINE_STEPS", "15"))
#: A control ends at the first example that notices.
CONTROL_EXAMPLES = 80
#: With more examples than usual the search goes new ways each time; as usual it goes the same way, so it never flakes.
IS_LONG = "CLINIC_MACHINE_EXAMPLES" in os.environ


def profile(examples: int, steps: int, *, shrink: bool) -> settings:
    """How long to look. Without `shrink` the first example that fails is shown as it was found."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not IS_LONG,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
    )


def run(examples: int = EXAMPLES, steps: int = STEPS, *, shrink: bool = False) -> None:
    """Let the machine run on a clinic of its own."""
    world = make_world()

    class Machine(FullMachine):
        def __init__(self) -> None:
            super().__init__(world)

    run_state_machine_as_test(Machine, settings=profile(examples, steps, shrink=shrink))


def test_whatever_happens_in_whatever_order_the_database_agrees_with_the_truth() -> None:
    run(shrink=IS_LONG and "NOSHRINK" not in os.environ)


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_control_a_guard_that_is_taken_away_is_missed(breakage: Breakage, monkeypatch: pytest.MonkeyPatch) -> None:
    breakage(monkeypatch)
    with pytest.raises(AssertionError):
        run(examples=CONTROL_EXAMPLES, steps=STEPS)


def crowd_one_day(machine: FullMachine, dice: random.Random) -> None:
    """Book and cancel on one day until its watch units lie scattered."""
    machine.book_injections_at_any_time(1, [480 + 5 * dice.randrange(25) for _ in range(2)])
    machine.cancel_a_visit(dice.randrange(100))
    machine.book_an_injection_at_a_free_time(1, dice.randrange(100))


def let_time_lapse(machine: FullMachine, dice: random.Random) -> None:
    """Keep a plan in a crowded clinic, let it lapse, and give its time to somebody else."""
    machine.book_injections_at_any_time(1, [480 + 5 * dice.randrange(25) for _ in range(3)])
    machine.book_a_series(1, "long", 1, dice.randrange(4), 2, 0)
    if machine._held_for_a_while():
        machine.what_was_held_lapses_and_somebody_else_takes_it(dice.randrange(100))


def tell(world: World, step: Callable[[FullMachine, random.Random], None], times: int = 40) -> int:
    """The same steps over and over with other numbers, the database looked at after each. How many visits."""
    machine, dice = FullMachine(world), random.Random(7)
    try:
        for _ in range(times):
            step(machine, dice)
            machine.the_database_agrees()
        return len(machine.truth.visits)
    finally:
        machine.teardown()


STORIES = (
    (labels_are_not_fitted, crowd_one_day),
    (expiry_is_ignored, let_time_lapse),
    (lapsed_rows_stay, let_time_lapse),
)


@pytest.mark.parametrize(("breakage", "step"), STORIES)
def test_control_a_crowd_finds_what_only_crowds_show(
    breakage: Breakage, step: Callable[[FullMachine, random.Random], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breakage(monkeypatch)
    with pytest.raises(AssertionError):
        tell(make_world(), step)


@pytest.mark.parametrize("step", [crowd_one_day, let_time_lapse])
def test_the_same_crowds_find_nothing_while_nothing_is_broken(
    step: Callable[[FullMachine, random.Random], None],
) -> None:
    world = make_world()
    assert tell(world, step, times=12) > 12
