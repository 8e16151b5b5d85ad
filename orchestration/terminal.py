"""What all commands share: where they print, and how they tell a person what to mend."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape

# a log file is wider than the 80 columns that rich assumes for it
console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 150)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what a person can mend into one line and exit code 2."""
    try:
        yield
    except typer.Exit:
        raise
    except (ValueError, OSError, RuntimeError) as problem:
        console.print(f"[red]stork:[/] {escape(str(problem))}", highlight=False, soft_wrap=True)
        raise typer.Exit(2) from problem
