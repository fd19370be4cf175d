"""What is asked of every page in a real Chromium: axe in light and dark, nothing wider than the window, everything
within reach of the keyboard and big enough for a finger. Each judge says what is wrong, as lines; none: nothing is.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

#: WCAG 2.2 AA and what comes before it, and axe's own good practices.
RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
#: What another colour scheme can change.
COLOURS: dict[str, Any] = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
#: The narrowest page that must stand without scrolling sideways, in CSS pixels (WCAG 2.2, 1.4.10 Reflow).
NARROWEST = 320
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
#: A window of 1280 pixels at 200 % zoom (WCAG 2.2, 1.4.4) lays a page out in half of them.
ZOOMED = 640
#: CSS pixels that a finger needs (WCAG 2.2, 2.5.5; design section 7).
FINGER = 44


def broken_rules(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """What axe finds, each as rule and place, once the page that a key or a click has begun to open is there whole."""
    page.wait_for_load_state()
    result = Axe().run(page, options=rules)
    return [
        f"{rule['id']}: {node['html'][:160]}" for rule in result.response["violations"] for node in rule["nodes"][:3]
    ]


def faint_in_the_dark(page: Page) -> list[str]:
    """Words that do not stand out enough in dark colours. Judged at rest: a colour on its way from light to dark is
    nobody's to read.
    """
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found = broken_rules(page, COLOURS)
    page.emulate_media(color_scheme="light")
    return found


def too_wide(page: Page, width: int = NARROWEST) -> list[str]:
    """What makes the page scroll sideways in a window of that width; what scrolls in itself (the board) may."""
    page.set_viewport_size({"width": width, "height": 640})
    found: list[str] = page.evaluate(_TOO_WIDE, width)
    page.set_viewport_size(DESKTOP)
    return found


def out_of_reach(page: Page) -> list[str]:
    """What one can use with a pointer but not with the keyboard, or not see that one is there."""
    page.keyboard.press("Tab")  # from here on the browser shows the focus, as for whoever uses no pointer
    found: list[str] = page.evaluate(_OUT_OF_REACH)
    return found


def too_small_for_a_finger(page: Page) -> list[str]:
    """Buttons, fields and links of their own line that are smaller than a fingertip; links inside a text may be."""
    found: list[str] = page.evaluate(_TOO_SMALL, FINGER)
    return found


def in_need_of_a_script(page: Page) -> list[str]:
    """Forms without a button that sends them, parts that only htmx could send, links that lead nowhere, and buttons
    that only a script hears. What a script may add alone: printing, wiping a drawing, a passkey, and what it has to
    show first.
    """
    found: list[str] = page.evaluate(_NEEDS_A_SCRIPT)
    return found


_NEEDS_A_SCRIPT = """() => {
  const wrong = [];
  const say = (what, el) => wrong.push(`${what}: ${el.outerHTML.slice(0, 140)}`);
  const sends = "button:not([type=button]), input[type=submit], input[type=image]";
  for (const form of document.querySelectorAll("form:not([hidden], #mfa_login)")) {
    const outside = form.id && document.querySelector(`button[form="${form.id}"]:not([type=button])`);
    const inNoscript = [...form.querySelectorAll("noscript")].some((one) => one.textContent.includes("<button"));
    if (!form.querySelector(sends) && !outside && !inNoscript) say("no button sends it", form);
  }
  for (const el of document.querySelectorAll("[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete]")) {
    const byItself = /\\b(load|revealed|every)\\b/.test(el.getAttribute("hx-trigger") || "");
    if (!el.closest("form, a[href]") && !byItself) say("only htmx sends it", el);
  }
  for (const el of document.querySelectorAll("a:not([href]), a[href='#'], a[href^='javascript:']")) {
    say("leads nowhere", el);
  }
  for (const el of document.querySelectorAll("button[type=button]")) {
    const isComfort = el.matches("[data-print], [data-clear], #passkey_login");
    if (el.checkVisibility() && !isComfort) say("only a script hears it", el);
  }
  return wrong.slice(0, 5);
}"""

_TOO_WIDE = """width => {
  const root = document.documentElement;
  if (root.scrollWidth <= width) return [];
  const inside = (el) => {
    for (let up = el.parentElement; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return true;
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")].filter(
    (el) => el.getBoundingClientRect().right > width + 1 && !inside(el));
  const last = wide.filter((el) => ![...el.children].some((child) => wide.includes(child)));
  return [`${root.scrollWidth} px: ` + last.slice(0, 3).map((el) => el.outerHTML.slice(0, 120)).join(" | ")];
}"""

#: The field called "website" is bait for programs that fill in everything: nobody sees it.
_OUT_OF_REACH = """() => {
  const usable = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [onclick]';
  const shown = (el) => el.checkVisibility({visibilityProperty: true}) && !el.disabled && el.name !== "website";
  const look = (el) => {
    const around = [el, el.nextElementSibling, el.closest("label"), el.parentElement].filter(Boolean);
    return around.map((one) => {
      const style = getComputedStyle(one);
      return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor, style.backgroundColor].join();
    }).join(";");
  };
  const wrong = [];
  for (const el of [...document.querySelectorAll(usable)].filter(shown)) {
    document.activeElement?.blur();
    const before = look(el);
    el.focus();
    if (document.activeElement !== el || el.tabIndex < 0) wrong.push("not reached: " + el.outerHTML.slice(0, 120));
    else if (look(el) === before) wrong.push("focus not seen: " + el.outerHTML.slice(0, 120));
  }
  document.activeElement?.blur();
  return wrong.slice(0, 5);
}"""

_TOO_SMALL = """least => {
  const wrong = [];
  for (const el of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (!el.checkVisibility({visibilityProperty: true}) || el.name === "website") continue;
    const style = getComputedStyle(el);
    if (el.tagName === "A" && style.display === "inline") continue;
    const tick = el.matches("[type=checkbox], [type=radio]");
    const whole = tick ? (el.closest("label, .form-check") ?? el.parentElement) : el;
    const box = whole.getBoundingClientRect();
    const seen = el.getBoundingClientRect();
    if (seen.bottom < 0 || seen.width <= 1) continue;
    if (box.height < least - 0.5 || box.width < least - 0.5)
      wrong.push(`${Math.round(box.width)} x ${Math.round(box.height)}: ${el.outerHTML.slice(0, 120)}`);
  }
  return wrong.slice(0, 5);
}"""
