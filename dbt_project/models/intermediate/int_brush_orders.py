"""Which orders look like brush orders (刷单), by ml.brush on the evidence of int_brush_features."""

import pyarrow as pa

from ml import brush

TYPES = pa.schema(
    {
        "order_id": pa.string(),
        "brush_score": pa.float64(),
        "brush_reasons": pa.string(),
        "is_suspected": pa.bool_(),
    }
)


def model(dbt, session):  # noqa: ARG001 dbt calls it with both
    dbt.config(materialized="table")
    scored = brush.score(dbt.ref("int_brush_features").df())
    return pa.Table.from_pandas(scored, schema=TYPES, preserve_index=False)
