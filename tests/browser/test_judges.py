"""The judges of the pages see what is wrong: each is shown a page with one fault, and the same without it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser import judges

pytestmark = pytest.mark.browser

FRAME = (
    "<!doctype html><html lang='en'><head><title>x</title><style>{style}</style></head>"
    "<body><main><h1>x</h1>{body}</main></body></html>"
)

CASES: tuple[tuple[str, Callable[[Page], list[str]], tuple[str, str], tuple[str, str]], ...] = (
    ("a picture without words", judges.broken_rules, ("", "<img src='data:,'>"), ("", "<img src='data:,' alt='x'>")),
    (
        "faint words in the dark",
        judges.faint_in_the_dark,
        ("@media (prefers-color-scheme: dark) { p { color: #333; background: #000 } }", "<p>words</p>"),
        ("@media (prefers-color-scheme: dark) { p { color: #eee; background: #000 } }", "<p>words</p>"),
    ),
    (
        "a wide box",
        judges.too_wide,
        ("div { width: 500px }", "<div>x</div>"),
        ("div { width: 500px } section { overflow-x: auto }", "<section><div>x</div></section>"),
    ),
    (
        "a button that the keyboard passes by",
        judges.out_of_reach,
        ("", "<button tabindex='-1'>x</button>"),
        ("", "<button>x</button>"),
    ),
    (
        "a focus that nobody sees",
        judges.out_of_reach,
        ("button:focus { outline: none }", "<button>x</button>"),
        ("button:focus { outline: 3px solid blue }", "<button>x</button>"),
    ),
    (
        "a form that nothing sends",
        judges.in_need_of_a_script,
        ("", "<form method='post'><input aria-label='x'></form>"),
        ("", "<form method='post'><input aria-label='x'><button>x</button></form>"),
    ),
    (
        "a part that only htmx sends",
        judges.in_need_of_a_script,
        ("", "<div hx-post='/x/' hx-trigger='click'>x</div>"),
        ("", "<form method='post'><button hx-post='/x/'>x</button></form><div hx-get='/x/' hx-trigger='load'></div>"),
    ),
    (
        "a button that only a script hears",
        judges.in_need_of_a_script,
        ("", "<button type='button'>x</button>"),
        ("", "<button type='button' hidden>x</button><button type='button' data-print>x</button>"),
    ),
    (
        "a button too small for a finger",
        judges.too_small_for_a_finger,
        ("", "<button>x</button>"),
        ("button { width: 44px; height: 44px }", "<button>x</button>"),
    ),
)


@pytest.mark.parametrize(("judge", "wrong", "right"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_judge_sees_the_fault_and_nothing_else(
    page: Page, judge: Callable[[Page], list[str]], wrong: tuple[str, str], right: tuple[str, str]
) -> None:
    page.set_viewport_size(judges.DESKTOP)
    page.set_content(FRAME.format(style=wrong[0], body=wrong[1]))
    assert judge(page) != []
    page.set_content(FRAME.format(style=right[0], body=right[1]))
    assert judge(page) == []
