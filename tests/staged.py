"""Files of one shop, landed, loaded and staged: what the models make of them, without dbt."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import jinja2

import dbt_project
from orchestration.landing.lake import LoadReport, ensure_lake, load_range

PROJECT = Path(dbt_project.__file__).parent
FIXTURES = Path(__file__).with_name("fixtures") / "platforms"
KEY = b"a key for tests only"
CENT = Decimal("0.01")


class Shop:
    """One shop's landing folder and the lake it is loaded into."""

    def __init__(self, folder: Path, platform: str, shop_id: str) -> None:
        self.landing, self.lake = folder / "landing", folder / "lake"
        self.platform, self.shop_id = platform, shop_id

    def put(self, dataset: str, name: str, content: bytes | str, day: str) -> None:
        """Land a file, by its content or as what the fixture of that name holds."""
        place = self.landing / "t" / self.platform / self.shop_id / dataset / day
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def fixture(
        self, dataset: str, name: str, day: str, change: Callable[[str], str] = str
    ) -> None:
        """Land a fixture of the platform, changed on the way."""
        content = (FIXTURES / self.platform / name).read_text("utf-8")
        self.put(dataset, name, change(content), day)

    def load(self, *datasets: str) -> LoadReport:
        """Load everything that landed of the datasets."""
        report = LoadReport()
        for dataset in datasets:
            report += load_range(
                self.landing,
                self.lake,
                platform=self.platform,
                dataset=dataset,
                first=date(2000, 1, 1),
                last=date(2099, 12, 31),
                key=KEY,
            )
        return report

    def staged(self, model: str, *columns: str, as_of: str = "2026-12-31") -> list[dict]:
        """The rows of stg_<platform>__<model>, sorted."""
        return rows(self.lake, f"stg_{self.platform}__{model}", *columns, as_of=as_of)


def rows(lake: Path, model: str, *columns: str, as_of: str = "2026-12-31") -> list[dict]:
    """The rows of a staging model of a lake, sorted; money is Decimal, moments are in Beijing."""
    ensure_lake(lake)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        found = connection.execute(
            f"select {', '.join(columns) or '*'} from ({sql(lake, model, as_of)}) order by all"
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def sql(lake: Path, model: str, as_of: str, loads: dict[str, int] | None = None) -> str:
    """The SQL of a full build of a staging model.

    With the numbers of the `loads` that the last build saw, that of an incremental one into a table
    of the model's name.
    """
    macros = "".join(path.read_text("utf-8") for path in sorted(PROJECT.glob("macros/*.sql")))
    if loads is not None:
        macros += "{% macro is_full_build() %}{% endmacro %}"  # nothing is false
    (source,) = PROJECT.glob(f"models/staging/*/{model}.sql")
    template = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(
        macros + source.read_text("utf-8")
    )
    return template.render(
        source=lambda platform, dataset: (
            f"read_parquet('{lake}/{platform}/{dataset}/**/*.parquet', "
            "union_by_name = true, hive_partitioning = true)"
        ),
        config=lambda **_: "",
        told={"as_of": as_of, "since": None if loads is None else {"loads": loads}}.get,
        is_incremental=lambda: loads is not None,
        this=model,
        execute=True,
        **{"return": lambda value: value},
    )


def allocated(lines: list[dict]) -> list[Decimal]:
    """What each line of an order was paid: shared by the bases, the last one takes what is left."""
    total, bases = lines[0]["order_goods_amount"], [line["allocation_base"] for line in lines]
    if not sum(bases):
        return [Decimal("0.00")] * len(bases)
    parts = [(total * base / sum(bases)).quantize(CENT, ROUND_HALF_UP) for base in bases]
    last = max(n for n, base in enumerate(bases) if base > 0)
    parts[last] += total - sum(parts)
    return parts
