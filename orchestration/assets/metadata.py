"""What an asset shows in the UI: score tables, pictures, training summaries."""

import base64

import dagster as dg
import pandas as pd

from ml.training import Training


def score_table(frame: pd.DataFrame) -> dg.MarkdownMetadataValue:
    """A frame as a Markdown table, numbers to three significant decimals."""
    text = frame.copy()
    for column in text.columns:
        if pd.api.types.is_float_dtype(text[column]):
            text[column] = text[column].map(lambda v: "" if pd.isna(v) else f"{v:.3f}")
    lines = [
        "| " + " | ".join(map(str, text.columns)) + " |",
        "|" + " --- |" * len(text.columns),
        *(
            "| " + " | ".join(str(v).replace("|", "/") for v in row) + " |"
            for row in text.itertuples(index=False)
        ),
    ]
    return dg.MetadataValue.md("\n".join(lines))


def picture(png: bytes) -> dg.MarkdownMetadataValue:
    """A PNG inside the metadata, shown without any server."""
    return dg.MetadataValue.md(f"![chart](data:image/png;base64,{base64.b64encode(png).decode()})")


def training_metadata(training: Training, scores: tuple[str, ...]) -> dict[str, object]:
    """Which version is champion now, why, and how every candidate scored.

    `scores` of the champion are kept as numbers, so that the UI plots them over time.
    """
    version = training.version
    numbers = {f"champion_{k}": v for k, v in version.metrics.items() if k in scores}
    return {
        "promoted": training.promotion.promote,
        "why": dg.MetadataValue.md(training.promotion.reason),
        "champion": f"{version.name} v{version.version}",
        "mlflow_run": version.run_id,
        "scores": score_table(training.table),
        "trials": len(training.trials),
        **numbers,
    }
