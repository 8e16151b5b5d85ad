"""The campaign asset finds lists that were acted on and judges them once their time is over."""

import pandas as pd

from orchestration.assets.campaigns import campaign_outcome
from orchestration.resources import Lake, Options, Results, Warehouse
from orchestration.settings import Settings

DAYS = ("2026-03-01", "2026-03-15", "2026-06-20")


def test_only_lists_acted_on_and_over_are_judged(tmp_path):
    settings = Settings(environment="test", state=tmp_path)
    results = Results(
        folder=str(tmp_path / "results"), out=str(tmp_path / "out"),
        reports=str(tmp_path / "reports"), reports_url="http://127.0.0.1:3001",
    )  # fmt: skip
    customers = [f"c_{i}" for i in range(40)]
    for day in map(pd.Timestamp, DAYS):
        listed = pd.DataFrame(
            {
                "customer_id": customers, "as_of": day, "rank": range(1, 41),
                "risk_tier": "high", "is_holdout": [i % 2 == 0 for i in range(40)],
                "outcome_days": 45 if day == pd.Timestamp(DAYS[2]) else 60,
            }
        )  # fmt: skip
        results.write(day.date(), "churn_list", listed)
    events = pd.DataFrame(
        {
            "customer_id": customers[1::2], "ds": pd.Timestamp("2026-03-20"), "order_count": 1,
            "qty": 1.0, "paid_amount": 50.0, "discount_rate": 0.0, "category": "wipes",
        }
    )  # fmt: skip
    exports = tmp_path / "exports"
    exports.mkdir()
    events.to_parquet(exports / "feat_customer_events.parquet")
    for day in (DAYS[0], DAYS[2]):  # nobody acted on the second list, the third is too young
        path = results.out_path(pd.Timestamp(day).date(), "churn_contacted.csv")
        path.parent.mkdir(parents=True)
        path.write_text("customer_id\n" + "\n".join(customers[1::2]))
    # every list of every night would not fit in memory: of the others none is read
    results.path(pd.Timestamp(DAYS[1]).date(), "churn_list.parquet").write_bytes(b"")
    found = campaign_outcome(
        lake=Lake(landing="-", folder="-", as_of="2026-06-28"),
        warehouse=Warehouse(exports=str(exports)),
        options=Options(**settings.model_dump(include=set(Options.model_fields))),
        results=results,
    )
    assert (found.metadata["lists_acted_on"], found.metadata["outcomes_known"]) == (2, 1)
    table = results.read(pd.Timestamp("2026-06-28").date(), "campaign_outcome")
    assert table["as_of"].tolist() == [pd.Timestamp(DAYS[0])]
    assert table["uplift"].tolist() == [1.0]
    assert table["amount_uplift"].tolist() == [50.0]
    assert "bought again against" in found.metadata["list of 2026-03-01"]
    assert found.metadata["list of 2026-06-20"] == (
        "not judged: its 45 days are over on 2026-08-04"
    )
