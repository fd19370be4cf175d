"""Booking under fire: anything in any order, and after each step the database agrees with a plain model of the truth.

docs/testing.md says how to let it run longer. The controls break one guard each, and the machine must find it.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine import breakages as broken
from tests.machine import stories
from tests.machine.breakages import BREAKAGES, Breakage
from tests.machine.everything import FullMachine
from tests.machine.stories import Story
from tests.machine.world import make_world
from tests.searching import IS_LONG, TIMES

pytestmark = pytest.mark.django_db

EXAMPLES, STEPS = 12 * TIMES, 40 if IS_LONG else 15
#: A control ends at the first example that notices.
CONTROL_EXAMPLES = 80


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


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_control_a_guard_that_is_taken_away_is_missed(breakage: Breakage, monkeypatch: pytest.MonkeyPatch) -> None:
    breakage(monkeypatch)
    with pytest.raises(AssertionError):
        run(examples=CONTROL_EXAMPLES, steps=STEPS)


#: A guard taken away, the story that misses it, and what it says.
TOLD: tuple[tuple[Breakage, Story, str], ...] = (
    (broken.labels_are_not_fitted, stories.crowd_one_day, "a legal start was refused"),
    (broken.expiry_is_ignored, stories.let_time_lapse, "a legal start was refused"),
    (broken.lapsed_rows_stay, stories.let_time_lapse, "a legal start was refused"),
    (broken.a_yes_leaves_the_time_with_the_offer, stories.answer_offers, "a closed offer"),
    (broken.a_no_keeps_the_time, stories.answer_offers, "a closed offer"),
    (broken.offers_never_end, stories.answer_offers, "an offer that is over was accepted"),
    (broken.nobody_looks_at_broken_chairs, stories.lose_cover, "not named"),
    (broken.a_closed_noon_is_open, stories.close_at_noon, "not named"),
    (broken.a_rescue_seats_nobody, stories.lose_cover, "held but not needed"),
    (broken.every_move_is_told_by_itself, stories.close_for_days, "told once"),
    (broken.numbers_stay_as_they_were, stories.change_a_course, "other visits than there must be"),
    (broken.fixed_dates_move, stories.change_a_course, "kept fixed"),
    (broken.a_no_show_keeps_its_time, stories.lose_infusions, "held but not needed"),
    (broken.the_clinic_changes_over_visits, stories.change_the_clinic, "lost its cover, and nothing has happened"),
    (broken.a_suspension_changes_no_visit, stories.suspend_somebody, "than there must be"),
    (broken.the_next_boosters_hold_nothing, stories.give_boosters, "needed but not held"),
    (broken.the_program_forgets_what_it_booked, stories.give_boosters, "more boosters are ahead"),
    (broken.a_lost_infusion_is_always_missing, stories.lose_infusions, "is not missing"),
)


@pytest.mark.parametrize(("breakage", "story", "said"), TOLD, ids=lambda one: getattr(one, "__name__", ""))
def test_control_a_story_finds_what_chance_would_take_long_to(
    breakage: Breakage, story: Story, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breakage(monkeypatch)
    with pytest.raises(AssertionError, match=said):
        stories.tell(make_world(), story)


STORIES: tuple[Story, ...] = tuple(dict.fromkeys(story for _, story, _ in TOLD))


@pytest.mark.parametrize("story", STORIES)
def test_the_same_stories_find_nothing_while_nothing_is_broken(story: Story) -> None:
    assert stories.tell(make_world(), story, times=4) > 0
