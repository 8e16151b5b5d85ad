"""The comparison of two warehouses: what counts as a difference."""

import duckdb

from benchmarks.nightly import differing


def warehouse(folder, *statements):
    folder.mkdir()
    path = folder / "stork.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def test_rows_tables_and_views_that_only_one_warehouse_has_are_counted(tmp_path):
    view = 'create view v as from "stork"."main"."t"'
    one = warehouse(
        tmp_path / "one",
        "create table t as select range as x, null as y from range(3)",
        "create table same as select 1.5 as a, [1, 2] as b",
        view,
    )
    other = warehouse(
        tmp_path / "other",
        # the same rows in another order, one of them twice, and one more
        "create table t as select x, null as y from (values (2), (1), (0), (0), (7)) as t (x)",
        "create table same as select 1.5 as a, [1, 2] as b",
        view,
        "create table extra as select 1 as x",
    )

    assert differing(one, other) == {"main.extra": 1, "main.t": 2, "main.v": 2}
    assert differing(one, other, prefixes=("same",)) == {}
    assert differing(one, one) == {}
