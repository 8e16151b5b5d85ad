"""What planners say in files: overrides, suppliers' and warehouses' limits, lots on the shelf."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ml.replenishment.expiry import LOT_COLUMNS
from ml.replenishment.overrides import OVERRIDE_COLUMNS

OVERRIDES, SUPPLIERS, WAREHOUSES, LOTS = "overrides", "suppliers", "warehouses", "lots"
COLUMNS = {
    OVERRIDES: OVERRIDE_COLUMNS,
    SUPPLIERS: ("supplier_id", "capacity_qty", "min_amount", "order_weekdays"),
    WAREHOUSES: ("warehouse_id", "capacity_qty"),
    LOTS: LOT_COLUMNS,
}
# What the same columns are called in Chinese sheets.
_CHINESE = {
    "商品编码": "sku_id",
    "仓库": "warehouse_id",
    "供应商编码": "supplier_id",
    "动作": "action",
    "数值": "value",
    "到期日": "expires_on",
    "操作人": "by",
    "原因": "why",
    "产能(件)": "capacity_qty",
    "容量(件)": "capacity_qty",
    "起订金额": "min_amount",
    "下单日": "order_weekdays",
    "数量": "qty",
}
_CHINESE_ACTIONS = {
    "定量": "quantity",
    "暂停": "hold",
    "必订": "force",
    "需求倍数": "uplift",
    "参照": "analogue",
}
_WEEKDAYS = {name: day for day, name in enumerate("一二三四五六日")} | {"天": 6}
_SHEETS = ("人工调整", "Overrides")
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True)
class PlanningFiles:
    """The planners' folder: `<name>.csv` or `.xlsx` for each name in COLUMNS, all optional."""

    folder: Path

    def offer_overrides(self) -> Path:
        """An empty sheet for overrides where planners have none yet; theirs is never touched."""
        path = self.folder / f"{OVERRIDES}.csv"
        if self._found(OVERRIDES) is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(",".join(OVERRIDE_COLUMNS) + "\n", encoding="utf-8-sig")
        return path

    def overrides(self) -> pd.DataFrame:
        """OVERRIDE_COLUMNS as text, empty without a file. Raises ValueError for a lacking column.

        Columns and actions may be in Chinese. Lines that are blank throughout are no overrides.
        """
        table = self._read(OVERRIDES)
        return table.assign(action=table["action"].replace(_CHINESE_ACTIONS))

    def lots(self) -> pd.DataFrame:
        """LOT_COLUMNS as text, empty without a file."""
        return self._read(LOTS)

    def limits(self) -> tuple[dict[str, dict], list[str]]:
        """Mappings for `Policy` by their names, and what in the files could not be used.

        supplier_capacity_qty, supplier_min_amount, order_weekdays, warehouse_capacity_qty. A blank
        is no limit; an entry that can't be read is left out and named.
        """
        problems: list[str] = []
        suppliers, warehouses = self._read(SUPPLIERS), self._read(WAREHOUSES)

        def column(table: pd.DataFrame, file: str, name: str, parse: Callable) -> dict:
            found = {}
            for key, text in zip(table.iloc[:, 0], table[name], strict=True):
                if not text:
                    continue
                value = parse(text)
                if value is None or not key:
                    problems.append(f"{file}: {name} '{text}' of '{key}' can't be used")
                else:
                    found[key] = value
            return found

        limits = {
            "supplier_capacity_qty": column(suppliers, SUPPLIERS, "capacity_qty", _amount),
            "supplier_min_amount": column(suppliers, SUPPLIERS, "min_amount", _amount),
            "order_weekdays": column(suppliers, SUPPLIERS, "order_weekdays", _weekdays),
            "warehouse_capacity_qty": column(warehouses, WAREHOUSES, "capacity_qty", _amount),
        }
        return limits, problems

    def _found(self, name: str) -> Path | None:
        paths = [self.folder / f"{name}{ending}" for ending in (".xlsx", ".csv")]
        return next((path for path in paths if path.exists()), None)

    def _read(self, name: str) -> pd.DataFrame:
        columns, path = list(COLUMNS[name]), self._found(name)
        if path is None:
            return pd.DataFrame(columns=columns, dtype=object)
        table = _sheet(path) if path.suffix == ".xlsx" else _csv(path)
        table = table.rename(columns=lambda c: _CHINESE.get(str(c).strip(), str(c).strip()))
        missing = [column for column in columns if column not in table]
        if missing:
            raise ValueError(f"{path}: the columns {missing} are missing")
        table = table[columns].map(lambda text: text.strip() if isinstance(text, str) else "")
        return table[(table != "").any(axis=1)].reset_index(drop=True)


def _csv(path: Path) -> pd.DataFrame:
    for encoding in _ENCODINGS:
        try:
            return pd.read_csv(path, dtype=str, encoding=encoding, keep_default_na=False)
        except UnicodeDecodeError:
            continue
        except pd.errors.EmptyDataError:
            return pd.DataFrame()
    raise ValueError(f"{path}: neither UTF-8 nor GB18030; save it as 'CSV UTF-8'")


def _sheet(path: Path) -> pd.DataFrame:
    sheets = pd.read_excel(path, sheet_name=None, dtype=str, keep_default_na=False)
    named = [sheets[name] for name in _SHEETS if name in sheets]
    return named[0] if named else next(iter(sheets.values()))


def _amount(text: str) -> float | None:
    value = pd.to_numeric(text.replace(",", ""), errors="coerce")
    return float(value) if 0 <= value < float("inf") else None


def _weekdays(text: str) -> frozenset[int] | None:
    """Monday is 1 or 一: "1,4", "一四", "周一、周四"."""
    marks = [mark for mark in text if mark not in " ,，、;；/|周星期"]
    days = [_WEEKDAYS.get(mark, int(mark) - 1 if mark in "1234567" else -1) for mark in marks]
    return frozenset(days) if days and min(days) >= 0 else None
