"""The command line's desk for registered models: list, compare, promote, roll back."""

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer
from rich.markup import escape
from rich.table import Table

from ml.registry import Registry
from ml.training import champion_recipe
from orchestration.settings import Settings
from orchestration.terminal import console, explained

Name = Annotated[Literal["demand", "churn"], typer.Argument(help="Which model")]
State = Annotated[Path, typer.Option(help="The state whose models are meant")]
Reason = Annotated[str, typer.Option(help="Why, kept with the model for those who ask later")]
DEMO = Path("var/demo")

models = typer.Typer(help="Registered models: who is champion, who was, and why.")


@models.command(name="list")
def show(name: Name, state: State = DEMO) -> None:
    """Every version with its recipe and reason, and who was champion when."""
    with explained(), registry_of(state).at_hand() as registry:
        history = registry.history(name)
        if history.empty:
            raise ValueError(f"no '{name}' model is registered in {state}: train one first")
        versions = Table(title=f"Versions of '{name}', newest first", title_justify="left")
        for column in ("version", "aliases", "made by", "recorded at (UTC)", "reason"):
            versions.add_column(column, overflow="fold")
        for row in history.to_dict("records"):
            recipe = champion_recipe(registry.version(name, row["version"]))
            versions.add_row(
                str(row["version"]),
                row["aliases"],
                str(recipe["model"]),
                f"{row['recorded_at']:%Y-%m-%d %H:%M}",
                escape(row["reason"]),
            )
        reigns = Table(title="Champions, oldest first", title_justify="left")
        for column in ("version", "since (UTC)", "until (UTC)", "reason"):
            reigns.add_column(column, overflow="fold")
        for row in registry.reigns(name).to_dict("records"):
            until = "today" if pd.isna(row["until"]) else f"{row['until']:%Y-%m-%d %H:%M}"
            reigns.add_row(
                str(row["version"]),
                f"{row['since']:%Y-%m-%d %H:%M}",
                until,
                escape(row["reason"]),
            )
        console.print(versions)
        console.print(reigns)


@models.command()
def compare(
    name: Name,
    one: Annotated[int, typer.Argument(help="A version")],
    other: Annotated[int, typer.Argument(help="Another version")],
    state: State = DEMO,
) -> None:
    """What two versions scored, side by side, each in its own training's backtest."""
    with explained(), registry_of(state).at_hand() as registry:
        versions = [_version(registry, name, number) for number in (one, other)]
        table = Table(title=f"'{name}': version {one} and version {other}", title_justify="left")
        for column in ("score", f"v{one}", f"v{other}", "change"):
            table.add_column(column, justify="left" if column == "score" else "right")
        for score in sorted(versions[0].metrics.keys() & versions[1].metrics.keys()):
            left, right = (version.metrics[score] for version in versions)
            change = f"{right / left - 1:+.1%}" if left else "-"
            table.add_row(score, f"{left:.4f}", f"{right:.4f}", change)
        console.print(table)
        days = [version.tags.get("last_day", "?") for version in versions]
        if days[0] != days[1]:
            console.print(
                f"They were scored on different data: v{one} up to {days[0]}, "
                f"v{other} up to {days[1]}."
            )


@models.command()
def promote(
    name: Name,
    version: Annotated[int, typer.Argument(help="The version to make champion")],
    reason: Reason,
    state: State = DEMO,
) -> None:
    """Make a version champion by hand, past the gate; the next forecast uses it."""
    with explained(), registry_of(state).at_hand() as registry:
        wanted = _version(registry, name, version)
        registry.fetch(wanted)  # whose files are damaged would fail tonight instead of now
        made = registry.set_alias(name, "champion", wanted, reason=f"by hand: {reason}")
        console.print(f"Champion of '{name}' is now version {made.version}.")


@models.command()
def rollback(name: Name, reason: Reason, state: State = DEMO) -> None:
    """Go back to the champion before this one; the next forecast uses it."""
    with explained(), registry_of(state).at_hand() as registry:
        try:
            back = registry.rollback(name, reason=f"by hand: {reason}")
        except LookupError as nobody:
            raise ValueError(str(nobody)) from nobody
        console.print(f"Champion of '{name}' is again version {back.version}.")


def registry_of(state: Path) -> Registry:
    """The registry of a state folder. Raises ValueError when nothing was ever trained there."""
    database = state / "mlflow" / "mlflow.db"
    if not database.exists():
        raise ValueError(f"{database} is not there: nothing was trained in this state yet")
    settings = Settings(state=state)
    return Registry(settings.mlflow_uri, settings.folder("mlflow", "artifacts"))


def _version(registry: Registry, name: str, number: int):
    try:
        return registry.version(name, number)
    except LookupError as missing:
        raise ValueError(f"{missing}: see `stork models list {name}`") from missing
