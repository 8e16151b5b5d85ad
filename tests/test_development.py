"""The servers behind `stork dev` and `stork monitor` end with the command that began them."""

import os
import signal
import subprocess
import sys

import pytest

COMMAND = """
import subprocess, sys
from orchestration.development import until_stopped
server = subprocess.Popen(
    [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"],
    start_new_session=True,
)
print(server.pid, flush=True)
sys.exit(0 if until_stopped(server) else 1)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_with_its_command(how):
    command = subprocess.Popen([sys.executable, "-c", COMMAND], stdout=subprocess.PIPE, text=True)
    said = [command.stdout.readline().strip() for _ in range(2)]
    pid = int(next(line for line in said if line != "up"))
    command.send_signal(how)
    assert command.wait(timeout=30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
