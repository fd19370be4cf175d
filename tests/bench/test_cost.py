"""Processor time is read off the kernel's counts, children's with it."""

import os
import subprocess
import sys
import time

import pytest

from scheduling.bench import cost
from scheduling.bench.cost import Cost, cost_of, seconds_of

BUSY = "import time\nwhile time.process_time() < 0.5: pass\nprint('done', flush=True)\ntime.sleep(60)"


def test_the_time_of_a_child_counts_while_it_lives_and_afterwards() -> None:
    before = seconds_of(os.getpid())
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        alive = seconds_of(os.getpid()) - before
        child.kill()
    assert alive >= 0.45
    assert seconds_of(os.getpid()) - before >= 0.45


def test_waiting_costs_nothing_and_a_process_that_is_gone_neither() -> None:
    before = seconds_of(os.getpid())
    time.sleep(0.3)
    assert seconds_of(os.getpid()) - before < 0.25
    assert seconds_of(2**22 + 1) == 0


def test_a_cost_says_how_many_go_into_a_second() -> None:
    assert Cost("page", 15, 5).each_second == 50
    assert "50 in a second" in Cost("page", 15, 5).line()


def test_the_cost_is_that_of_one_deed_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([0.0, 1.0, 2.0, 5.0])
    monkeypatch.setattr(cost, "seconds_of", lambda pid: next(counts))
    monkeypatch.setattr(cost, "_database", lambda: next(counts))
    assert cost_of("x", 10, 1, lambda number: None) == Cost("x", 200.0, 400.0)
