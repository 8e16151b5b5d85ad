"""What a plan is told besides stock and forecast: service, money, room, calendars, transfers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

DAYS_PER_YEAR = 365
UNMET = ("lost", "owed")


@dataclass(frozen=True)
class TransferTerms:
    """What it takes to move goods between warehouses.

    `days`: until moved goods can be sold; `cost_amount`: yuan per unit; `least_qty`: units below
    which nothing is moved.
    """

    days: int = 3
    cost_amount: float = 2.0
    least_qty: float = 1.0

    def __post_init__(self):
        if self.days < 0 or not self.cost_amount >= 0 or not self.least_qty >= 0:
            raise ValueError("days, cost and least units of a transfer needed must not be negative")


@dataclass(frozen=True)
class Policy:
    """What holds where the masters don't say otherwise.

    `service_level`: probability, by ABC class, that the protection interval passes without a
    stock-out. `unmet_demand`: "lost" where a buyer who finds no stock goes elsewhere, "owed" where
    he waits. `excess_cover_days`: stock or an order that lasts longer is doubted. `dormant_weeks`:
    what lay empty without a sale for that long is taken as ended until a planner says otherwise; a
    year lets no season pass for an end.

    Limits, none where not set; orders worth least give way, and say so: `budget_amount` yuan for
    the orders of one plan together; `supplier_capacity_qty` units by supplier_id;
    `warehouse_capacity_qty` units by warehouse_id, of what will lie there when the orders land;
    `supplier_min_amount` yuan by supplier_id below which it takes no order;
    `order_weekdays` by supplier_id, Monday 0, on which it does, and `supplier_closed`, (first,
    last) dates on which it does not.

    `pallet_qty`: units on a pallet by sku_id; `pallets_of` suppliers and `pallets_to` warehouses
    that want whole ones; `part_pallet_amount`: yuan that a pallet begun costs elsewhere.

    `remaining_life_rate`: share of its shelf life that a unit must still have when it is sold.
    `transfer`: None moves nothing. `holding_rate` of the unit cost per year and `margin_rate` of
    the unit cost turn units into money where no price is known.
    Raises ValueError for a value that no plan could be made with.
    """

    service_level: Mapping[str, float] = field(
        default_factory=lambda: {"A": 0.95, "B": 0.90, "C": 0.85}
    )
    unmet_demand: str = "lost"
    fallback_abc_class: str = "C"
    review_period_days: int = 7
    lead_time_days: int = 14
    moq: float = 1
    pack_size: int = 1
    excess_cover_days: float = 180
    dormant_weeks: int = 52
    budget_amount: float | None = None
    supplier_capacity_qty: Mapping[str, float] = field(default_factory=dict)
    warehouse_capacity_qty: Mapping[str, float] = field(default_factory=dict)
    supplier_min_amount: Mapping[str, float] = field(default_factory=dict)
    order_weekdays: Mapping[str, frozenset[int]] = field(default_factory=dict)
    supplier_closed: Mapping[str, Sequence[tuple[dt.date, dt.date]]] = field(default_factory=dict)
    pallet_qty: Mapping[str, float] = field(default_factory=dict)
    pallets_of: frozenset[str] = frozenset()
    pallets_to: frozenset[str] = frozenset()
    part_pallet_amount: float = 0.0
    remaining_life_rate: float = 1 / 3
    transfer: TransferTerms | None = None
    holding_rate: float = 0.25
    margin_rate: float = 0.3

    def __post_init__(self):
        wrong = {k: v for k, v in self.service_level.items() if not 0.5 <= v < 1}
        if wrong:
            raise ValueError(f"service levels must lie in [0.5, 1): {wrong}")
        if self.unmet_demand not in UNMET:
            raise ValueError(f"unmet_demand needed is one of {UNMET}, not '{self.unmet_demand}'")
        if self.fallback_abc_class not in self.service_level:
            raise ValueError(f"no service level for class '{self.fallback_abc_class}'")
        if self.review_period_days < 1 or self.lead_time_days < 0 or self.moq < 0:
            raise ValueError("review_period_days >= 1, lead_time_days >= 0 and moq >= 0 are needed")
        if self.dormant_weeks < 1:
            raise ValueError(f"dormant_weeks must be at least 1, not {self.dormant_weeks}")
        if self.pack_size < 1 or self.pack_size != int(self.pack_size):
            raise ValueError(f"pack_size must be a whole number from 1, not {self.pack_size}")
        limits = [
            self.budget_amount or 0.0,
            *self.supplier_capacity_qty.values(),
            *self.warehouse_capacity_qty.values(),
            *self.supplier_min_amount.values(),
            *self.pallet_qty.values(),
            self.part_pallet_amount,
            self.holding_rate,
            self.margin_rate,
        ]
        if not all(limit >= 0 for limit in limits):
            raise ValueError("a budget, capacity, minimum or rate needed must not be negative")
        if not 0 <= self.remaining_life_rate < 1:
            raise ValueError("remaining_life_rate needed must lie in [0, 1)")
        for supplier, days in self.order_weekdays.items():
            if not days or not days <= set(range(7)):
                raise ValueError(f"order_weekdays of '{supplier}' needed are some of 0 to 6")
        for supplier, windows in self.supplier_closed.items():
            if any(last < first for first, last in windows):
                raise ValueError(f"supplier_closed of '{supplier}' ends before it begins")
