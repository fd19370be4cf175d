"""What an earlier start left behind is ended; what only looks like it is not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clinic.runtime import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has")

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def _sleeper(
    environment: dict[str, str], code: str = "print('up', flush=True); import time; time.sleep(60)"
) -> "subprocess.Popen[str]":
    child = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "up\n"
    return child


def test_an_orphan_of_this_folder_is_ended_and_one_of_another_is_not(tmp_path: Path) -> None:
    ours = _sleeper(processes.marked(tmp_path))
    other = _sleeper(processes.marked(tmp_path / "other"))
    stranger = _sleeper(dict(os.environ))
    assert processes.clear(tmp_path) == 1
    assert ours.wait(5) == -signal.SIGTERM
    assert (other.poll(), stranger.poll()) == (None, None)
    for child in (other, stranger):
        child.kill()
        child.wait()


def test_an_orphan_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    stubborn = _sleeper(processes.marked(tmp_path), STUBBORN)
    assert processes.clear(tmp_path, patience=0.2) == 1
    assert stubborn.wait(5) == -signal.SIGKILL


def test_nothing_left_behind_is_nothing_to_clear(tmp_path: Path) -> None:
    assert processes.clear(tmp_path) == 0


def test_a_child_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent_code = (
        "import subprocess, sys, time\n"
        "child = 'from clinic.runtime.processes import die_with_parent; die_with_parent(); "
        'print("up", flush=True); import time; time.sleep(60)\'\n'
        "subprocess.Popen([sys.executable, '-c', child])\n"
        "time.sleep(60)\n"
    )
    parent = _sleeper(processes.marked(tmp_path), parent_code)
    assert len(processes.left_behind(tmp_path)) == 2
    parent.kill()
    parent.wait()
    assert processes.clear(tmp_path, patience=5) <= 1
    assert processes.left_behind(tmp_path) == []
