"""The command line: run, demo, demo-real, sandbox, models, alerts, dev, monitor, doctor."""

import atexit
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from orchestration.champions import models
from orchestration.settings import Settings
from orchestration.terminal import console, explained

app = typer.Typer(
    help="Stork: from shops' daily extracts to a replenishment plan and a churn list.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
sandbox = typer.Typer(help="A generated world to try things on.", no_args_is_help=True)
app.add_typer(sandbox, name="sandbox")
app.add_typer(models, name="models", no_args_is_help=True)

Scale = Literal["tiny", "small", "medium", "large"]
Defects = Literal["none", "realistic", "heavy"]
State = Annotated[
    Path | None, typer.Option(help="Folder of lake, tables, models. Default: <out>/state")
]
Landing = Annotated[
    Path | None, typer.Option(help="Folder that was landed in. Default: <state>/landing")
]
Out = Annotated[Path | None, typer.Option(help="Folder of plans and lists. Default: <state>/out")]
Language = Annotated[str, typer.Option(help="Language of plan and lists: zh or en")]


@app.command()
def run(
    landing: Annotated[Path, typer.Option(help="Folder of landed files")],
    out: Annotated[Path, typer.Option(help="Folder for <as_of>/replenishment_plan.csv and so on")],
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last visible day. Default: newest landed day"),
    ] = None,
    state: State = None,
    tenant: Annotated[str | None, typer.Option(help="Which tenant, if several landed")] = None,
    language: Language = "zh",
) -> None:
    """Materialize the whole graph in one process: load, build, train, forecast, plan, watch."""
    with explained():
        settings = Settings(
            landing=landing,
            out=out,
            state=state or out / "state",
            as_of=as_of.date() if as_of else None,
            tenant=tenant,
            language=language,
        )
        work(settings)


@app.command()
def demo(
    state: Annotated[Path, typer.Option(help="Where the demo lives")] = Path("var/demo"),
    language: Language = "zh",
) -> None:
    """The main job on a generated world: two years of three brands, in the platforms' dialects."""
    with explained():
        settings = Settings(state=state, language=language)
        # a known key, so that the demo's customers have the same pseudonyms everywhere
        settings.keep_key("nobody real buys in the generated shop")
        if not settings.landing_folder.exists():
            generate_world(settings.landing_folder, state / "truth", scale="small")
        work(settings)


@app.command(name="demo-real")
def demo_real(
    state: Annotated[Path, typer.Option(help="Where it lives")] = Path("var/demo-real"),
    language: Language = "zh",
) -> None:
    """The main job on real baskets: the baby categories of dunnhumby's Complete Journey, 2017."""
    from orchestration.sandbox.complete_journey import write_landing

    with explained():
        # one year of weeks: a longer horizon would leave the backtest nothing to learn from
        settings = Settings(state=state, language=language, horizon=6)
        console.print("Mapping the Complete Journey's baby categories to the generic source ...")
        note = write_landing(settings.landing_folder)
        work(settings.model_copy(update={"as_of": note.as_of}))
        for sentence in note.sentences(language):
            console.print(f"- {sentence}")


@sandbox.command()
def generate(
    landing: Annotated[Path, typer.Option(help="Folder for the extracts; must not exist yet")],
    truth: Annotated[Path, typer.Option(help="Folder for what really happened")],
    seed: Annotated[int, typer.Option(help="Equal seeds give equal files")] = 7,
    days: Annotated[int | None, typer.Option(help="Days to simulate. Default: the scale's")] = None,
    scale: Annotated[Scale, typer.Option(help="How large a world")] = "small",
    defects: Annotated[Defects, typer.Option(help="How badly extracts are damaged")] = "realistic",
) -> None:
    """Write a seeded world's extracts in every platform's dialect, and its truth apart."""
    with explained():
        generate_world(landing, truth, scale=scale, seed=seed, days=days, defects=defects)


@app.command()
def dev(
    state: Annotated[Path, typer.Option(help="The state to look at")] = Path("var/demo"),
    landing: Landing = None,
    out: Out = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1")] = 3000,
) -> None:
    """Open the Dagster UI (webserver and daemon, loopback only) and the reports beside it."""
    from orchestration.development import serve

    with explained():
        raise typer.Exit(serve(_of_state(state, landing=landing, out=out), port))


@app.command()
def monitor(
    state: Annotated[Path, typer.Option(help="The state to look at")] = Path("var/demo"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1")] = 8000,
) -> None:
    """Open Evidently's pages of all monitors and days (loopback only)."""
    from orchestration.development import serve_monitors

    with explained():
        raise typer.Exit(serve_monitors(Settings(state=state), port))


@app.command()
def alerts(
    state: Annotated[Path, typer.Option(help="The state whose checks are meant")] = Path(
        "var/demo"
    ),
    landing: Landing = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message to every channel")
    ] = False,
) -> None:
    """Tell the channels of STORK_ALERT_URLS what turned red or is well again since last time."""
    from monitoring.alerts import send
    from orchestration import alerting, runner
    from orchestration.graph import build

    with explained():
        settings = _of_state(state, landing=landing)
        channels = settings.alert_channels()
        if not channels:
            raise ValueError("no channel is set: put Apprise addresses into STORK_ALERT_URLS")
        if test:
            refused = sum(not send(channel, "Stork", "test 测试") for channel in channels)
            console.print(f"{len(channels) - refused} of {len(channels)} channels took the test")
            raise typer.Exit(1 if refused else 0)
        settled = runner.settle(settings)
        with runner.instance(settled) as home:
            graph = build(settled).resolve_asset_graph()
            red, delivery = alerting.tell(lambda: alerting.problems(home, graph, settled), settled)
        console.print(f"{len(red)} red; {delivery.sent} delivered, {delivery.waiting} waiting")


@app.command()
def prepare() -> None:
    """Parse the dbt project once, so that no later process has to."""
    from orchestration.assets.warehouse import project

    with explained():
        console.print(f"dbt manifest: {project(Settings()).manifest_path}", soft_wrap=True)


@app.command()
def doctor(
    state: Annotated[Path, typer.Option(help="The state to check")] = Path("var/demo"),
) -> None:
    """Check versions, write access, lock and disk, and say how to mend what is wrong."""
    from orchestration.doctor import examine

    with explained():
        findings = examine(Settings(state=state))
    for finding in findings:
        mark = "[green]ok  [/]" if finding.healthy else "[red]BAD [/]"
        console.print(f"{mark} {finding.name}: {escape(finding.found)}")
        if not finding.healthy:
            console.print(f"     mend: {escape(finding.mend)}")
    raise typer.Exit(0 if all(f.healthy for f in findings) else 1)


def _of_state(state: Path, **folders: Path | None) -> Settings:
    """The settings of a state; a folder that is not given is the environment's or the default."""
    return Settings(state=state, **{name: path for name, path in folders.items() if path})


def work(settings: Settings) -> None:
    """Run the graph with a progress bar and print what came out; exit 1 when a step failed."""
    from orchestration import runner
    from orchestration.graph import build
    from orchestration.landing.lake import check_layout
    from orchestration.summary import print_summary

    atexit.register(quiet_teardown)
    started = datetime.now().astimezone()
    settled = runner.settle(settings)
    console.print(
        f"Stork: as of [bold]{settled.as_of}[/], landing {escape(str(settled.landing_folder))}, "
        f"state {escape(str(settled.state.absolute()))}"
    )
    for passed_over in check_layout(settled.landing_folder, tenant=settled.tenant):
        console.print(f"[yellow]landing[/] {escape(passed_over)}", highlight=False)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    log = settled.folder("logs") / "run.log"
    with bar, log.open("a", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(out):
        defs = build(settled)
        task = bar.add_task("starting", total=runner.steps(defs))

        def progress(step: str, what: str) -> None:
            if what == "start":
                bar.update(task, description=step)
            else:
                bar.advance(task)
                if not console.is_terminal:
                    console.print(f"  {what}: {step}")

        report = runner.run(defs, settled, progress)
        bar.update(task, description="stopped" if report.failures else "finished")
        if not report.failures:
            bar.update(task, completed=bar.tasks[task].total)  # skipped steps are done too
    print_summary(console, report)
    seconds = (datetime.now().astimezone() - started).total_seconds()
    console.print(f"Took {seconds:.0f} s. Log of dbt, Optuna and Dagster: {log}", soft_wrap=True)
    if report.failures:
        raise typer.Exit(1)


def quiet_teardown() -> None:
    """Close stderr after everything else: DuckDB 2.0's binding lists its own types at exit once
    plotly has looked at them, fifty lines that mean nothing to anybody."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def generate_world(landing: Path, truth: Path, *, scale: str, **options: object) -> None:
    """Generate a sandbox world with a progress bar; raises ValueError if a folder is taken."""
    from orchestration.sandbox.generate import generate as write

    for folder in (landing, truth):
        if folder.exists() and any(folder.iterdir()):
            raise ValueError(f"{folder} is not empty: remove it or choose another folder")
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task(f"generating the {scale} world")

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        def fill(fresh_truth: Path) -> object:
            return once(
                landing,
                lambda fresh: write(fresh, fresh_truth, scale=scale, progress=progress, **options),
            )

        report = once(truth, fill)
    console.print(f"{report}", highlight=False)


def once(folder: Path, fill: Callable[[Path], object]) -> object:
    """Let `fill` write beside `folder`, then rename: a cut-off try leaves no half shop behind."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    filled = fill(fresh)
    fresh.rename(folder)
    return filled


if __name__ == "__main__":
    app()
