"""One dbt model as plain SQL, so that a test runs it on tables of its own in milliseconds."""

from datetime import date
from pathlib import Path

import duckdb
import jinja2

import dbt_project

PROJECT = Path(dbt_project.__file__).parent


def rendered(model: str, *, as_of: date, **variables: object) -> str:
    """The SQL of a full build of `model`; ref('x') is the table x."""
    (source,) = PROJECT.glob(f"models/**/{model}.sql")
    return expanded(source.read_text("utf-8"), as_of=as_of.isoformat(), **variables)


def expanded(template: str, **variables: object) -> str:
    """A piece of templated SQL with the project's macros, as a full build would read it."""
    macros = "".join(path.read_text("utf-8") for path in sorted(PROJECT.glob("macros/*.sql")))
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    return environment.from_string(macros + template).render(
        ref=lambda *names: names[-1],
        config=lambda **_: "",
        var=lambda name, default=None: variables.get(name, default),
        told=variables.get,
        execute=True,
        **{"return": lambda value: value},
    )


def create(
    connection: duckdb.DuckDBPyConnection, model: str, *, as_of: date, **variables: object
) -> None:
    """Build `model` as a table of its name from the tables that are there."""
    sql = rendered(model, as_of=as_of, **variables)
    connection.execute(f"create or replace table {model} as {sql}")


def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty database that counts days as the project's does."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    return connection


def seed(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load a seed as a table of its name."""
    path = PROJECT / "seeds" / f"{name}.csv"
    connection.execute(f"create or replace table {name} as from read_csv('{path}')")
