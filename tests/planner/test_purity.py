"""The planner stands alone: it loads neither Django nor anything else of the project."""

import subprocess
import sys


def test_the_planner_loads_without_django_or_the_rest_of_the_project() -> None:
    code = (
        "import sys, scheduling.planner.search, scheduling.planner.moves, scheduling.planner.labels,"
        " scheduling.planner.rescue_search, scheduling.planner.earlier\n"
        "others = [n for n in sys.modules if n.split('.')[0] in {'django', 'clinic', 'patients'}]\n"
        "others += [n for n in sys.modules if n.startswith('scheduling.') and not n.startswith('scheduling.planner')]\n"
        "print(others)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
