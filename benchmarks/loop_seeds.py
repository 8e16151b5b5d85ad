"""One measurement of many seeds, several at a time."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Found = TypeVar("Found")


def of_all(measure: Callable[[int], Found], seeds: range, processes: int) -> list[Found]:
    """`measure` of every seed, several at a time, one thread each; a bar tells how far it is."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}  # for the new processes
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress,
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
    ):
        bar = progress.add_task("seeds", total=len(seeds))
        jobs = [pool.submit(measure, seed) for seed in seeds]
        for job in as_completed(jobs):
            job.result()
            progress.advance(bar)
    return [job.result() for job in jobs]
