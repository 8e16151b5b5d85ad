"""The three frames of a panel and where they lie: <name>.panel, .static, .known_future."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Frames:
    """`panel`, with `static` and `known_future` where the source has them."""

    panel: pd.DataFrame
    static: pd.DataFrame | None = None
    known_future: pd.DataFrame | None = None

    def write(self, folder: Path, name: str) -> list[Path]:
        """Write the frames as <name>.parquet, <name>.static.parquet and so on; return the paths."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for part in ("panel", "static", "known_future"):
            path = frame_path(folder, name, part)
            path.unlink(missing_ok=True)
            if (frame := getattr(self, part)) is not None:
                frame.to_parquet(path, index=False)
                written.append(path)
        return written


def frame_path(folder: Path, name: str, part: str) -> Path:
    """Path of one of a panel's frames."""
    return folder / (f"{name}.parquet" if part == "panel" else f"{name}.{part}.parquet")
