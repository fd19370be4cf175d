"""Booking under fire: anything in any order, and after each step the database agrees with a plain model of the truth.

docs/testing.md says how to let it run longer. The controls break one guard each, and the machine must find it.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.clinic_rules import FullMachine
from tests.machine.world import make_world

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("CLINIC_MACHINE_EXAMPLES", "20"))
STEPS = int(os.environ.get("CLINIC_MACHINE_STEPS", "15"))
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
    run(shrink=IS_LONG)
