"""The rules of the house that a machine can check: who imports whom, who writes what, who asks for the time, how long
things get.

Each rule is a function from a parsed module to the lines that break it, and is shown to see a breach as well as its
absence.
"""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("clinic", "patients", "scheduling")
SCREENS = ("desk", "nurse", "doctor", "portal", "setup", "support")
#: Lines: a file of ours says one thing (the aim is 300), and so does a function.
LONGEST_FILE = 400
LONGEST_FUNCTION = 80
#: What a layer may never import; a name stands for the package and all below it.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "clinic": ("patients", "scheduling"),
    "patients": ("scheduling",),
    "scheduling.planner": (
        "django",
        "clinic",
        "patients",
        "scheduling.models",
        "scheduling.actions",
        "scheduling.selectors",
    ),
    "scheduling.models": tuple(f"scheduling.{name}" for name in ("actions", "selectors", "messages", *SCREENS)),
    "scheduling.selectors": tuple(f"scheduling.{name}" for name in ("actions", *SCREENS)),
    "scheduling.actions": tuple(f"scheduling.{name}" for name in SCREENS),
    "scheduling.messages": tuple(f"scheduling.{name}" for name in SCREENS),
}
#: Where statuses of visits, series, rides and offers, and rows of holds, are written: the verbs, and the two tables
#: of moves.
WRITERS = (
    *("scheduling/actions/", "scheduling/status.py", "scheduling/ride_status.py", "patients/actions/"),
    # The drill changes visits behind the ledger's back: only so can it see whether the second look notices.
    "scheduling/drill/changes.py",
)
QUERYSET_WRITES = {"create", "bulk_create", "update", "bulk_update", "get_or_create", "update_or_create", "delete"}
NOW_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localtime"),
    ("timezone", "localdate"),
}
#: The clock itself, and the machinery below Django that measures how long a process takes to start.
MAY_ASK_FOR_NOW = ("clinic/clock.py", "clinic/runtime/")
#: Verbs that run several actions, one for each thing that they find or after another, each in its own transaction.
NO_SINGLE_ACTION = {"release_lapsed", "roll_on", "by_night", "look_after_alerts", "send_notices", "accept_if_free"}
#: Words that put work off; spelled so that this file does not contain them.
PUT_OFF = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")

Breaches = list[str]
Rule = Callable[[str, ast.Module], Breaches]


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the three apps but migrations, by its path from the root."""
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                found[name] = ast.parse(path.read_text(), filename=name)
    return found


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of all that is imported; `from a import b` gives a.b, as b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def wrong_imports(path: str, tree: ast.Module) -> Breaches:
    """Imports that run against the direction scheduling → patients → clinic, screens → actions → models."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    forbidden = [target for layer, targets in FORBIDDEN.items() if within(module, layer) for target in targets]
    return [
        f"{path}:{line} imports {name}"
        for line, name in imports(tree)
        if any(within(name, target) for target in forbidden)
    ]


def wrong_writes(path: str, tree: ast.Module) -> Breaches:
    """Statuses and holds written outside of the actions."""
    if path.startswith(WRITERS):
        return []
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.Call)]
    return [f"{path}:{node.lineno}" for node in nodes if _writes(node)]


def _writes(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr not in QUERYSET_WRITES:
        return False
    names = {part.id for part in ast.walk(node.func) if isinstance(part, ast.Name)}
    attributes = {part.attr for part in ast.walk(node.func.value) if isinstance(part, ast.Attribute)}
    to_status = node.func.attr == "update" and any(keyword.arg == "status" for keyword in node.keywords)
    return to_status or "Hold" in names or "holds" in attributes


def wrong_clocks(path: str, tree: ast.Module) -> Breaches:
    """Anybody but the clock asking what time it is."""
    if path.startswith(MAY_ASK_FOR_NOW):
        return []
    return [
        f"{path}:{node.lineno} {node.func.value.id}.{node.func.attr}()"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in NOW_CALLS
    ]


def wrong_actions(path: str, tree: ast.Module) -> Breaches:
    """Public functions of an actions package with a `by` that are no audited action, or take it by position."""
    if "/actions/" not in path:
        return []
    breaches = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        by_position = any(argument.arg == "by" for argument in node.args.args)
        by_keyword = any(argument.arg == "by" for argument in node.args.kwonlyargs)
        parts = [part for decorator in node.decorator_list for part in ast.walk(decorator)]
        decorators = {part.id for part in parts if isinstance(part, ast.Name)}
        is_step = bool(node.args.args)  # Called inside an action that has locked and announced already.
        if by_keyword and not is_step and "action" not in decorators and node.name not in NO_SINGLE_ACTION:
            breaches.append(f"{path}:{node.lineno} {node.name}")
        if by_position and "action" in decorators:
            breaches.append(f"{path}:{node.lineno} {node.name}")
    return breaches


def long_functions(path: str, tree: ast.Module) -> Breaches:
    """Functions that do more than one thing, judged by their length."""
    return [
        f"{path}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]


RULES: tuple[Rule, ...] = (wrong_imports, wrong_writes, wrong_clocks, wrong_actions, long_functions)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    breaches = [breach for path, tree in modules().items() for breach in rule(path, tree)]

    assert breaches == []


BREACHES: tuple[tuple[Rule, str, str], ...] = (
    (wrong_imports, "clinic/places.py", "from patients.models import Patient"),
    (wrong_imports, "patients/models/patient.py", "import scheduling.models"),
    (wrong_imports, "scheduling/planner/chain.py", "from django.db import models"),
    (wrong_imports, "scheduling/planner/chain.py", "from clinic import clock"),
    (wrong_imports, "scheduling/models/series.py", "from scheduling.actions import booking"),
    (wrong_imports, "scheduling/actions/booking.py", "from scheduling.desk import views"),
    (wrong_imports, "scheduling/selectors/planning.py", "def late():\n    from scheduling.actions import booking"),
    (wrong_writes, "scheduling/desk/views.py", "visit.status = 'booked'"),
    (wrong_writes, "scheduling/desk/views.py", "Appointment.objects.filter(pk=1).update(status='booked')"),
    (wrong_writes, "scheduling/desk/views.py", "Hold.objects.create(resource=chair)"),
    (wrong_writes, "scheduling/messages/ledger.py", "visit.holds.all().delete()"),
    (wrong_clocks, "scheduling/desk/views.py", "now = datetime.now(UTC)"),
    (wrong_clocks, "scheduling/desk/views.py", "today = timezone.localdate()"),
    (wrong_actions, "scheduling/actions/booking.py", "def book(*, by: Actor): ..."),
    (wrong_actions, "scheduling/actions/booking.py", "@action\ndef book(by: Actor): ..."),
    (long_functions, "clinic/places.py", "def long():\n" + "    x = 1\n" * LONGEST_FUNCTION),
)


@pytest.mark.parametrize(("rule", "path", "source"), BREACHES, ids=lambda value: getattr(value, "__name__", None))
def test_a_rule_sees_a_breach(rule: Rule, path: str, source: str) -> None:
    assert len(rule(path, ast.parse(source))) == 1


ALLOWED: tuple[tuple[Rule, str, str], ...] = (
    (wrong_imports, "scheduling/desk/views.py", "from scheduling.actions import booking\nimport patients.models"),
    (wrong_imports, "scheduling/planner/chain.py", "import numpy\nfrom scheduling.planner.grid import Grid"),
    (wrong_writes, "scheduling/actions/holds.py", "Hold.objects.create(resource=chair)\nvisit.status = 'booked'"),
    (wrong_writes, "scheduling/desk/views.py", "Hold.objects.filter(resource=chair)\nmessage.state = 'due'"),
    (wrong_clocks, "scheduling/desk/views.py", "now = clock.now()"),
    (wrong_actions, "scheduling/actions/booking.py", "@action\ndef book(*, by: Actor): ...\ndef _x(*, by): ..."),
)


@pytest.mark.parametrize(("rule", "path", "source"), ALLOWED, ids=lambda value: getattr(value, "__name__", None))
def test_a_rule_lets_pass_what_is_right(rule: Rule, path: str, source: str) -> None:
    assert rule(path, ast.parse(source)) == []


def our_files(*suffixes: str) -> Iterator[Path]:
    """The project's own files with one of the endings."""
    for folder in (*APPS, "templates", "static", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in suffixes:
                yield path


def test_no_file_grows_too_long() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in our_files(".py", ".html", ".css", ".js")
        if "/migrations/" not in path.as_posix() and (count := len(path.read_text().splitlines())) > LONGEST_FILE
    }

    assert long == {}


def test_nothing_is_put_off() -> None:
    put_off = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in our_files(".py", ".html", ".css", ".js", ".txt")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if any(word in line for word in PUT_OFF)
    ]

    assert put_off == []


def test_every_package_of_the_house_is_checked() -> None:
    checked = {path.split("/")[0] for path in modules()}

    assert checked == set(APPS)
    assert len(modules()) > 100, "the walk has found the modules at all"
