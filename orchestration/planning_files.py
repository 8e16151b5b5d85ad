"""What planners say in files: overrides, limits, pallets, substitutes, lots on the shelf."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ml.replenishment.days import read_days
from ml.replenishment.expiry import LOT_COLUMNS
from ml.replenishment.overrides import OVERRIDE_COLUMNS
from ml.replenishment.substitutes import SUBSTITUTE_COLUMNS

OVERRIDES, SUPPLIERS, WAREHOUSES, LOTS = "overrides", "suppliers", "warehouses", "lots"
SKUS, SUBSTITUTES = "skus", "substitutes"
COLUMNS = {
    OVERRIDES: OVERRIDE_COLUMNS,
    SUPPLIERS: ("supplier_id", "capacity_qty", "min_amount", "order_weekdays"),
    WAREHOUSES: ("warehouse_id", "capacity_qty"),
    LOTS: LOT_COLUMNS,
    SKUS: ("sku_id", "pallet_qty"),
    SUBSTITUTES: SUBSTITUTE_COLUMNS,
}
# Columns that a file may leave out.
OPTIONAL = {SUPPLIERS: ("closed_on", "full_pallets"), WAREHOUSES: ("full_pallets",)}
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
    "停接单": "closed_on",
    "整托": "full_pallets",
    "每托件数": "pallet_qty",
    "替代商品": "substitute_sku_id",
    "转化比例": "share",
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
_ANSWERS = {"是": True, "yes": True, "1": True, "否": False, "no": False, "0": False}
_ENCODINGS = ("utf-8-sig", "gb18030")
_FORMULA_MARK = re.compile(r"^'(?=[=+\-@])")  # what our own files put before such text


@dataclass(frozen=True)
class PlanningFiles:
    """The planners' folder: `<name>.csv` or `.xlsx` for each name in COLUMNS, all optional."""

    folder: Path

    def offer_overrides(self) -> Path:
        """An empty sheet for overrides where planners have none yet; theirs is never touched."""
        path = self.folder / f"{OVERRIDES}.csv"
        if not self._found(OVERRIDES):
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(",".join(OVERRIDE_COLUMNS) + "\n", encoding="utf-8-sig")
        return path

    def overrides(self) -> pd.DataFrame:
        """OVERRIDE_COLUMNS as text, empty without a file. Raises ValueError for a lacking column.

        Columns and actions may be in Chinese. Lines that are blank throughout are no overrides.
        """
        table = self._read(OVERRIDES)
        return table.assign(action=table["action"].replace(_CHINESE_ACTIONS))

    def lots(self) -> tuple[pd.DataFrame, list[str]]:
        """LOT_COLUMNS with `qty` as a number and `expires_on` as a day, and what can't be used."""
        table = self._read(LOTS)
        qty = table["qty"].map(lambda text: _amount(text.removesuffix("件"))).astype(float)
        day = read_days(table["expires_on"])
        whole = (qty > 0) & day.notna() & (table["sku_id"] != "") & (table["warehouse_id"] != "")
        problems = [
            f"{LOTS}: '{line['qty']}' of '{line['sku_id']}' in '{line['warehouse_id']}', "
            f"expiring '{line['expires_on']}', can't be used"
            for line in table[~whole].to_dict("records")
        ]
        return table.assign(qty=qty, expires_on=day)[whole].reset_index(drop=True), problems

    def limits(self) -> tuple[dict[str, dict], list[str]]:
        """Fields of `Policy` by their names, and what in the files could not be used.

        supplier_capacity_qty, supplier_min_amount, order_weekdays, supplier_closed, pallets_of,
        warehouse_capacity_qty, pallets_to, pallet_qty. A blank is no limit; an entry that can't be
        read is left out and named.
        """
        problems: list[str] = []
        suppliers, warehouses = self._read(SUPPLIERS), self._read(WAREHOUSES)
        skus = self._read(SKUS)

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

        def asked(table: pd.DataFrame, file: str) -> frozenset[str]:
            found = column(table, file, "full_pallets", lambda text: _ANSWERS.get(text.lower()))
            return frozenset(key for key, answer in found.items() if answer)

        limits = {
            "supplier_capacity_qty": column(suppliers, SUPPLIERS, "capacity_qty", _amount),
            "supplier_min_amount": column(suppliers, SUPPLIERS, "min_amount", _amount),
            "order_weekdays": column(suppliers, SUPPLIERS, "order_weekdays", _weekdays),
            "supplier_closed": column(suppliers, SUPPLIERS, "closed_on", _windows),
            "pallets_of": asked(suppliers, SUPPLIERS),
            "warehouse_capacity_qty": column(warehouses, WAREHOUSES, "capacity_qty", _amount),
            "pallets_to": asked(warehouses, WAREHOUSES),
            "pallet_qty": column(skus, SKUS, "pallet_qty", _amount),
        }
        return limits, problems

    def substitutes(self) -> tuple[pd.DataFrame, list[str]]:
        """SUBSTITUTE_COLUMNS, `share` as a number in 0 to 1, and what could not be used."""
        table = self._read(SUBSTITUTES)
        share = table["share"].map(_share).astype(float)
        whole = share.notna() & (table["sku_id"] != "") & (table["substitute_sku_id"] != "")
        problems = [
            f"{SUBSTITUTES}: '{line['share']}' of '{line['sku_id']}' to "
            f"'{line['substitute_sku_id']}' can't be used"
            for line in table[~whole].to_dict("records")
        ]
        table = table.assign(share=share)[whole].reset_index(drop=True)
        total = table.groupby("sku_id")["share"].sum()
        problems += [
            f"{SUBSTITUTES}: the shares of '{sku_id}' add up to {sum_of:g}, scaled down to 1"
            for sku_id, sum_of in total[total > 1 + 1e-9].items()
        ]
        return table, problems

    def _found(self, name: str) -> list[Path]:
        paths = [self.folder / f"{name}{ending}" for ending in (".xlsx", ".csv")]
        return [path for path in paths if path.exists()]

    def _read(self, name: str) -> pd.DataFrame:
        """The lines of the workbook, then those of the CSV beside it."""
        columns = [*COLUMNS[name], *OPTIONAL.get(name, ())]
        parts = [self._lines(name, path) for path in self._found(name)]
        nothing = pd.DataFrame(columns=columns, dtype=object)
        return pd.concat(parts, ignore_index=True) if parts else nothing

    def _lines(self, name: str, path: Path) -> pd.DataFrame:
        columns, optional = list(COLUMNS[name]), OPTIONAL.get(name, ())
        table = _sheet(path) if path.suffix == ".xlsx" else _csv(path)
        table = table.rename(columns=lambda c: _CHINESE.get(str(c).strip(), str(c).strip()))
        missing = [column for column in columns if column not in table]
        if missing:
            raise ValueError(f"{path}: the columns {missing} are missing")
        table = table.reindex(columns=[*columns, *optional]).map(
            lambda text: _FORMULA_MARK.sub("", text.strip()) if isinstance(text, str) else ""
        )
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


def _windows(text: str) -> tuple[tuple[dt.date, dt.date], ...] | None:
    """Days of one or several windows: "2026-06-10~2026-06-20; 2026-10-01"."""
    parts = [part.strip() for part in re.split(r"[;；,，、]", text) if part.strip()]
    ends = [part.split("~") for part in parts]
    days = [read_days(pair) for pair in ends]
    if any(len(pair) > 2 or pair.isna().any() or pair.iloc[-1] < pair.iloc[0] for pair in days):
        return None
    return tuple((pair.iloc[0].date(), pair.iloc[-1].date()) for pair in days)


def _share(text: str) -> float | None:
    """A share such as "0.6" or "60%"."""
    value = pd.to_numeric(text.removesuffix("%"), errors="coerce")
    value = value / 100 if text.endswith("%") else value
    return float(value) if 0 <= value <= 1 else None
