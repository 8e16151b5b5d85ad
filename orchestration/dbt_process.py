"""dbt as a process that ends with the one that started it: python -m orchestration.dbt_process ...

A killed run leaves no dbt behind that writes into a warehouse which the next run works on.
"""

import os
import threading
import time

STARTED_BY = "STORK_STARTED_BY"
"""The variable that holds the id of the process dbt is to end with."""

_ASKED_EVERY = 0.2  # seconds


def end_with(parent: int) -> None:
    """Wait until this process's parent is not `parent` any more, and end at once."""
    while os.getppid() == parent:
        time.sleep(_ASKED_EVERY)
    os._exit(1)


def main() -> None:
    """What the command `dbt` does, with the same arguments."""
    # where it is not POSIX, a process keeps the parent's id when that is gone: dbt comes to its end
    if os.name == "posix":
        parent = int(os.environ[STARTED_BY])
        threading.Thread(target=end_with, args=[parent], daemon=True).start()
    from dbt.cli.main import cli

    cli(prog_name="dbt")


if __name__ == "__main__":
    main()
