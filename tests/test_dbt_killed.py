"""dbt ends with the run that started it: no warehouse is written by one that was killed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.settings import Settings

DIES = """
import os, sys
from datetime import date
from pathlib import Path
from orchestration.assets.warehouse import _told, warehouse
from orchestration.settings import Settings

state = Path(sys.argv[1])
settings = Settings(environment="test", state=state)
os.environ.update(settings.dbt_environment())
_, _, dbt = warehouse(settings)
with _told(date(2026, 6, 28)):
    started = dbt.cli(["parse", "--no-partial-parse"], target_path=state / "target")
print(started.process.pid, flush=True)
if sys.argv[2] == "early":
    os._exit(9)
for line in started.process.stdout:  # dbt is at work as soon as it says something
    os._exit(9)
"""


@pytest.mark.parametrize("when", ["early", "late"])
def test_dbt_ends_with_the_process_that_started_it(tmp_path, when):
    Settings(environment="test", state=tmp_path).folder("warehouse")
    started = subprocess.run(
        [sys.executable, "-c", DIES, tmp_path, when],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert started.returncode == 9
    pid = int(started.stdout)
    until = time.monotonic() + 3
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether it is there, other than as the mark of a process that has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
