"""Every panel that can be found, one contest each, and what they say together.

python -m benchmarks.all_demand [--data DIR] [--out DIR] [--only vn2,sandbox] [--peers a,b]
"""

import argparse
import json
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import demand
from benchmarks.frames import frame_path
from benchmarks.panels import SOURCES, prepare
from benchmarks.peers import PEERS
from benchmarks.tables import table_console

RIVAL = "mlforecast_lightgbm"
GOAL = 0.05  # mean improvement over the rival in scaled pinball


def main() -> int:
    """Run, summarise, and return 1 if a panel failed, stork lost one, or the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public files")
    parser.add_argument("--out", type=Path, default=Path("var/bench"))
    parser.add_argument("--only", help=f"comma separated: {','.join(SOURCES)}")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--windows", type=int, help="instead of each panel's own")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    names = options.only.split(",") if options.only else list(SOURCES)
    panels = options.out / "panels"
    results, failed = {}, []
    for name in prepare(names, options.data, panels):
        source, out = SOURCES[name], options.out / f"demand-{name}.json"
        command = ["--panel", frame_path(panels, name, "panel"), "--freq", source.freq]
        command += ["--horizon", source.horizon, "--windows", options.windows or source.windows]
        for part in ("static", "known_future"):
            if (path := frame_path(panels, name, part)).exists():
                command += [f"--{part.replace('_', '-')}", path]
        command += ["--peers", options.peers, "--threads", options.threads, "--out", out]
        out.unlink(missing_ok=True)
        if demand.main([str(word) for word in command]):
            failed.append(name)
        rows = json.loads(out.read_text(encoding="utf-8"))["rows"] if out.exists() else []
        if any(row["model"] == "stork" for row in rows):
            results[name] = rows
    console = table_console()
    better = [summarise(console, results)] if results else []
    for name in failed:
        console.print(f"[red]failed[/] {name}: see above", highlight=False)
    return 0 if better == [True] and not failed else 1


def summarise(console: Console, results: dict[str, list[dict]]) -> bool:
    """Print stork beside the best peer and the rival on every panel; whether all goals hold."""
    table = Table(title="Level: series, in stock, all horizons of each panel", title_justify="left")
    for title in ["panel", "score", "stork", "best other", "", RIVAL, "gain over it"]:
        table.add_column(title, justify="left" if title in ("panel", "score", "") else "right")
    gains, lost = [], []
    for panel, rows in results.items():
        by_model = {row["model"]: row for row in rows}
        for score in ("scaled_pinball", "wape"):
            ours = by_model["stork"][score]
            others = {m: r[score] for m, r in by_model.items() if not m.startswith("stork")}
            best = min(others, key=lambda model: others[model])
            rival = others.get(RIVAL)
            gain = 1 - ours / rival if rival else float("nan")
            if score == "scaled_pinball" and rival:
                gains.append(gain)
            if ours > others[best]:
                lost.append(f"{panel} {score}: {ours:.3f} against {others[best]:.3f} of {best}")
            shown = f"{rival:.3f}" if rival else "did not run"
            cells = [f"{ours:.3f}", f"{others[best]:.3f}", best, shown]
            table.add_row(panel, score, *cells, "" if np.isnan(gain) else f"{gain:+.1%}")
    console.print(table)
    mean = float(np.mean(gains)) if gains else float("nan")
    console.print(
        f"mean improvement over {RIVAL} in scaled pinball (level: series): {mean:+.1%} over "
        f"{len(gains)} panels (goal {GOAL:+.0%})",
        highlight=False,
    )
    for line in lost:
        console.print(f"not the best on {line}", highlight=False)
    return mean >= GOAL and not lost


if __name__ == "__main__":
    raise SystemExit(main())
