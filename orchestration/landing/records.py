"""A file's records as text in; typed, pseudonymised, hashed and judged records out."""

import duckdb
import pyarrow as pa

from orchestration.landing.privacy import MASK, Pseudonymiser
from orchestration.landing.problems import CONTRADICTION, problems
from orchestration.landing.schema import Dataset
from orchestration.landing.values import cleaned, is_damaged_id, many_rounded, moment, value

_LINEAGE = ("tenant", "platform", "shop_id", "landed_on", "source_file")


def typed_records(
    connection: duckdb.DuckDBPyConnection,
    table: pa.Table,
    dataset: Dataset,
    *,
    lineage: dict[str, object],
    pseudonymiser: Pseudonymiser,
) -> pa.Table:
    """Type every record of one file and say what is wrong with it.

    `connection` is used for scratch tables; `table` holds source_row and the declared columns as
    text; `lineage` holds tenant, platform, shop_id, landed_on and source_file. Returns the lake's
    columns plus is_repeat (the file holds the same record before) and field, value, reason, raw:
    null where a record is sound. The first problem gives the field, `reason` names them all.
    """
    texts = {f"t_{name}": cleaned(table[name]) for name in dataset.column_names}
    connection.register("landed", pa.table({"source_row": table["source_row"], **texts}))
    _scratch(connection, "cleaned", "select * from landed")
    rounded = _rounded(connection, dataset)
    for column in dataset.columns:
        if column.personal:
            _pseudonymise(connection, column.name, pseudonymiser, column.name in rounded)
    wrong = problems(dataset, rounded)
    _scratch(
        connection,
        "typed",
        f"select *, {wrong.found} as is_wrong from ({_typed(dataset)})",
        [lineage[name] for name in _LINEAGE],
    )
    any_wrong = connection.execute("select coalesce(bool_or(is_wrong), false) from typed")
    named = f"case when is_wrong then {wrong.named} end" if any_wrong.fetchall()[0][0] else None
    _scratch(connection, "checked", f"select *, {named or wrong.none} as problems from typed")
    return connection.sql(_judged(dataset)).to_arrow_table()


def _scratch(connection, name: str, query: str, parameters: list | None = None) -> None:
    connection.execute(f"create or replace temp table {name} as {query}", parameters or [])


def _rounded(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> frozenset[str]:
    """The id columns whose long ids all lost the digits a spreadsheet cannot hold."""
    ids = [column.name for column in dataset.columns if column.kind == "id"]
    columns = ", ".join(many_rounded(f"t_{name}") for name in ids)
    flags = connection.execute(f"select {columns} from cleaned").fetchall()[0]
    return frozenset(name for name, is_rounded in zip(ids, flags, strict=True) if is_rounded)


def _pseudonymise(
    connection: duckdb.DuckDBPyConnection, name: str, pseudonymiser: Pseudonymiser, rounded: bool
) -> None:
    """Replace a personal column by pseudonyms; damaged values become null and are marked."""
    damaged = is_damaged_id(f"t_{name}", is_rounded=rounded)
    raw = connection.execute(
        f"select distinct t_{name} from cleaned where t_{name} is not null and not {damaged}"
    ).fetchall()
    names = pseudonymiser.mapping(cell for (cell,) in raw)
    mapping = {"raw": list(names), "pseudonym": list(names.values())}
    text = pa.schema({"raw": pa.string(), "pseudonym": pa.string()})
    connection.register("pseudonyms", pa.table(mapping, schema=text))
    _scratch(
        connection,
        "cleaned",
        f"select cleaned.* replace (pseudonym as t_{name}), "
        f"t_{name} is not null and pseudonym is null as d_{name} "
        f"from cleaned left join pseudonyms on t_{name} = raw",
    )


def _typed(dataset: Dataset) -> str:
    times = "".join(
        f", {moment(f't_{c.name}')} as m_{c.name}"
        for c in dataset.columns
        if c.kind in ("moment", "day")
    )
    values = ", ".join(
        f"{value(c, f't_{c.name}', f'm_{c.name}')} as {c.name}" for c in dataset.columns
    )
    scope = ", ".join(
        f"cast(? as {'date' if name == 'landed_on' else 'varchar'}) as {name}" for name in _LINEAGE
    )
    return f"select *, {values}, {scope} from (select *{times} from cleaned)"


def _judged(dataset: Dataset) -> str:
    first_key = dataset.key[0]
    shown = ", ".join(
        f"{c.name} := '{MASK}'" if c.personal else f"{c.name} := t_{c.name}"
        for c in dataset.columns
    )
    lake = ", ".join(dataset.lake_types)
    return f"""
        with versioned as (
            select *, not is_wrong as is_sound,
                coalesce(updated_at, timezone('Asia/Shanghai', cast(landed_on as timestamp)))
                    as source_version
            from checked
        ), hashed as (
            select *, {_row_hash(dataset)} as row_hash from versioned
        ), ranked as (
            select *, row_number() over same_record as repeat_no,
                row_hash <> max(row_hash) over same_version as is_contradicted
            from hashed
            window same_record as (partition by is_sound, row_hash order by source_row),
                same_version as (partition by is_sound, {", ".join(dataset.key)}, source_version)
        ), named as (
            select *,
                case when not is_sound then problems[1].field
                     when is_contradicted then '{first_key}' end as field,
                case when not is_sound then problems[1].value
                     when is_contradicted then t_{first_key} end as value,
                case when not is_sound
                     then array_to_string(list_transform(problems, lambda p: p.reason), '; ')
                     when is_contradicted then '{first_key} {CONTRADICTION}' end as reason
            from ranked
        )
        select {lake}, is_sound and repeat_no > 1 as is_repeat, field, value, reason,
            case when field is not null
                 then cast(to_json(struct_pack({shown})) as varchar) end as raw
        from named order by source_row
    """


def _row_hash(dataset: Dataset) -> str:
    """What makes two records the same: scope, content and version, whatever the time zone."""
    content = [f"epoch_us({c.name})" if c.kind == "moment" else c.name for c in dataset.columns]
    parts = ["tenant", "platform", "shop_id", *content, "epoch_us(source_version)"]
    texts = ", ".join(f"cast({part} as varchar)" for part in parts)
    return f"md5(cast(to_json([{texts}]) as varchar))"
