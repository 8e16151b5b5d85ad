"""The web page in a real browser: it filters, searches, draws, keeps edits, and calls nobody."""

import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from plan_shop import SUNDAY, position, whole_plan

from ml.replenishment.difference import difference
from ml.replenishment.overrides import OVERRIDE_COLUMNS
from orchestration.outputs import plan_page
from orchestration.outputs.plan_page import write_plan_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EVIL = '</script><img src=x onerror="document.title=1">'
PLAN_ID = "0123456789ab"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=4000",
)

HELD = pd.DataFrame(
    [
        ("S0", "main", "quantity", "5", "", "li", "old", "applied"),
        ("S1", "", "uplift", "1.5", "", "li", "live", "applied"),
        ("S2", "main", "hold", "", "2025-06-01", "li", "past", "expired"),
    ],
    columns=[*OVERRIDE_COLUMNS, "status"],
)


def page(folder, language="zh", notices=("jd/orders: 0 rows <b>", "demand_model: biased")):
    frame = position(
        on_hand=[2.0, 16.0, 300.0, 5.0],
        sku_name=["奶粉一段", "纸尿裤", EVIL, None],
        supplier_id=["P1", "P2", "P1", "P2"],
        pack_size=[1.0, 6.0, 1.0, 1.0],
        moq=[1.0, 12.0, 1.0, 1.0],
        supplier_name=["贝因", "优宝", "贝因", "优宝"],
    )
    made = whole_plan(frame, weekly=14, spread=4, language=language)
    weeks = pd.date_range("2025-03-03", "2025-06-02", freq="W-MON")
    ahead = pd.date_range("2025-06-09", periods=8, freq="W-MON")
    ids = frame["unique_id"]
    history = pd.DataFrame({"unique_id": np.repeat(ids[:3], len(weeks)), "ds": np.tile(weeks, 3)})
    # of the last nothing is known
    forecast = pd.DataFrame({"unique_id": np.repeat(ids[:3], 8), "ds": np.tile(ahead, 3)})
    return write_plan_page(
        made.orders,
        folder / "plan.html",
        plan_id=PLAN_ID,
        language=language,
        history=history.assign(y=12.0),
        forecast=forecast.assign(y_hat=14.0, p10=9.0, p90=19.0),
        projection=made.projection(),
        transfers=made.transfers,
        overrides=HELD,
        changes=difference(made.orders.assign(order_qty=0), made.orders, language=language),
        notices=notices,
    )


SCRIPT = """
<pre id="result"></pre><script>
const seen = { errors: [] };
window.addEventListener("error", (event) => seen.errors.push(event.message));
const all = (selector) => [...document.querySelectorAll(selector)];
const lines = () => all("#list tbody tr").map((tr) => tr.cells[1].textContent);
const type = (id, value) => {
  document.getElementById(id).value = value;
  document.getElementById(id).dispatchEvent(new Event("input"));
};
seen.all = lines();
seen.notices = all("#notices li").map((li) => li.textContent);
seen.warned = !document.getElementById("notices").hidden;
seen.chips = [...document.querySelectorAll(".chip")].map((chip) => chip.textContent);
document.querySelector("[data-exception=expedite]").click();
seen.expedite = lines();
document.querySelector("[data-exception=expedite]").click();
type("search", "纸尿");
seen.searched = lines();
type("search", "");
type("supplier", "P1");
seen.supplier = lines();
type("supplier", "");
document.getElementById("only-orders").click();
seen.ordered = lines();
document.querySelectorAll("#list tbody tr")[0].click();
seen.why = document.getElementById("why").textContent;
seen.paths = all("#detail svg path").map((path) => path.getAttribute("d"));
document.querySelector(".edit [name=value]").value = "7.5";
document.getElementById("keep").click();
seen.refused = document.querySelector(".told").textContent;
seen.unsaved = document.getElementById("save").hidden;
const leaves = () => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
const draft = () => JSON.parse(localStorage.getItem("stork-plan-0123456789ab"));
seen.untouched = leaves();
document.querySelector(".edit [name=value]").value = "77";
document.querySelector(".edit [name=by]").value = "小王";
document.querySelector(".edit [name=why]").value = '=a "b", c';
document.getElementById("keep").click();
seen.csv = overridesCsv();
seen.edited = leaves();
seen.marked = all("#list td.edited").map((cell) => [cell.textContent, cell.title]);
seen.draft = draft();
document.getElementById("save").click();
seen.exported = leaves();
seen.kept = draft();
document.getElementById("drop").click();
seen.dropped = [draft(), leaves(), document.getElementById("save").hidden];
const order = (sku, units) => {
  pick(rows.find((row) => cell(row, "sku_id") === sku));
  const by = document.querySelector(".edit [name=by]");
  seen.by = by.value;
  by.value = "小李";
  document.querySelector(".edit [name=value]").value = units;
  document.getElementById("keep").click();
  return document.querySelector(".told").textContent;
};
seen.odd = ["6", "20", "18", "0"].map((units) => order("S1", units).startsWith("注意"));
order("S2", "3");
seen.orderedToo = lines();
state.edits.clear();
noteEdits(true);
document.getElementById("only-orders").click();
const row = (sku) => all("#list tbody tr").find((tr) => tr.cells[1].textContent === sku);
row("S3").click();
seen.unknown = document.querySelector("#detail .sub").textContent;
seen.told = document.getElementById("detail").textContent;
row("S1").focus();
seen.focused = document.activeElement === row("S1");
row("S1").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
seen.entered = document.querySelector("#detail .sub").textContent;
seen.on = all("#list tr.on").map((tr) => tr.cells[1].textContent);
seen.still = document.activeElement === row("S1");
seen.labels = all(".edit label").map((label) => label.textContent);
seen.scrolled = window.scrollY;
document.querySelector("[data-tab=changes]").click();
seen.changes = document.querySelectorAll("#changes tbody tr").length;
seen.hidden = document.getElementById("plan").hidden;
seen.requests = performance.getEntriesByType("resource").length;
seen.title = document.title;
document.getElementById("result").textContent = JSON.stringify(seen);
</script></body>"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    return tried(tmp_path_factory.mktemp("page"), "1440,900")


# What a first visit leaves, and what the second finds.
REOPENED = """
<pre id="result"></pre><script>
const draft = document.getElementById("draft");
const line = () => state.edits.get("S1@main");
if (!localStorage.getItem("visited")) {
  localStorage.setItem("visited", "yes");
  localStorage.setItem("stork-plan-old", '{"isSaved": true, "edits": []}');
  localStorage.setItem("stork-plan-torn", '{"isSaved"');
  localStorage.setItem("stork-plan-open", '{"isSaved": false, "edits": []}');
  pick(rows.find((row) => cell(row, "sku_id") === "S1"));
  document.querySelector(".edit [name=value]").value = "55";
  document.getElementById("keep").click();
  location.reload();
} else {
  const seen = { told: draft.textContent, hidden: draft.hidden, line: line(),
    csv: overridesCsv(), save: document.getElementById("save").textContent,
    leaves: window.dispatchEvent(new Event("beforeunload", { cancelable: true })),
    drafts: Object.keys(localStorage).sort() };
  document.getElementById("discard").click();
  seen.discarded = [state.edits.size, draft.hidden, Object.keys(localStorage).sort()];
  document.getElementById("result").textContent = JSON.stringify(seen);
}
</script></body>"""


def tried(folder, window="1440,900", script=SCRIPT):
    """What the script saw in a browser window of that size."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    html = page(folder).read_text(encoding="utf-8")
    path = folder / "tried.html"
    path.write_text(html.replace("</body>", script), encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'browser'}", "--dump-dom"]
    command.append(f"--window-size={window}")
    done = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, timeout=90, check=True
    )
    found = re.search(r'<pre id="result">(.+?)</pre>', done.stdout, re.S)
    assert found, done.stdout[-2000:]
    return json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))


def test_the_page_lists_the_most_urgent_first_and_its_chips_count_the_exceptions(seen):
    assert seen["errors"] == []
    assert seen["all"][0] in ("S0", "S3")
    assert sorted(seen["all"]) == ["S0", "S1", "S2", "S3"]
    assert seen["chips"][0] == "全部 4"
    assert "到货前会断货 3" in seen["chips"]


def test_the_page_begins_with_why_to_read_it_with_care(seen, tmp_path):
    first, *rest = seen["notices"]
    assert (first[:3], rest) == ("请先读", ["jd/orders: 0 rows <b>", "demand_model: biased"])
    assert seen["warned"]
    assert '"notices":[]' in page(tmp_path, notices=()).read_text(encoding="utf-8")


def test_chips_search_supplier_and_orders_filter_the_list(seen):
    assert sorted(seen["expedite"]) == ["S0", "S1", "S3"]
    assert seen["searched"] == ["S1"]
    assert sorted(seen["supplier"]) == ["S0", "S2"]
    assert sorted(seen["ordered"]) == ["S0", "S1", "S3"]


def test_a_picked_row_shows_its_reason_a_fan_and_stock_with_and_without_the_order(seen):
    assert "预计需求42件" in seen["why"]
    # fan, history and forecast; stock without and with the order
    assert len(seen["paths"]) == 5
    assert seen["paths"][0].endswith("Z")
    assert seen["paths"][3] != seen["paths"][4]


def test_a_row_of_which_nothing_is_known_shows_itself_and_not_the_row_before(seen):
    assert seen["unknown"].startswith("S3")
    assert seen["told"].count("没有数据") == 1
    assert seen["errors"] == []


def test_rows_are_reached_and_opened_by_keyboard(seen):
    assert seen["focused"]
    assert seen["entered"].startswith("S1")
    assert seen["on"] == ["S1"]
    assert seen["still"], "the focus stays where it was, for the next row"


def test_every_field_of_an_edit_says_what_it_is(seen):
    assert seen["labels"] == ["建议订货量", "有效到（空为一直有效）", "谁", "为什么"]


def test_in_a_narrow_window_a_picked_row_is_brought_into_view(seen, tmp_path):
    assert tried(tmp_path, "700,900")["scrolled"] > 0
    assert seen["scrolled"] == 0


def test_the_page_says_how_many_rows_it_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(plan_page, "MOST_ROWS", 3)
    html = page(tmp_path).read_text(encoding="utf-8")
    assert "共 4 行，本页只列最紧急的 3 行" in html


def test_an_edit_becomes_a_line_that_the_next_plan_reads(seen, tmp_path):
    from orchestration.planning_files import PlanningFiles

    (tmp_path / "overrides.csv").write_bytes(seen["csv"].encode("utf-8"))
    assert "没有记下" in seen["refused"]
    assert seen["unsaved"]
    lines = PlanningFiles(tmp_path).overrides()
    # what still holds is kept, but for the row that was edited
    assert lines["sku_id"].tolist() == [*({"S0", "S1"} - {seen["ordered"][0]}), seen["ordered"][0]]
    line = lines.iloc[-1]
    assert (line["sku_id"], line["action"], line["value"]) == (seen["ordered"][0], "quantity", "77")
    assert (line["by"], line["why"]) == ("小王", '=a "b", c')
    assert "\"'=a" in seen["csv"], "a spreadsheet would run it"
    assert line["expires_on"] == str(SUNDAY + pd.Timedelta(days=7))


def test_an_edit_is_told_at_once_that_it_is_under_the_moq_or_in_broken_packs(seen):
    assert seen["odd"] == [True, True, False, False], "6 of at least 12, 20 in packs of 6"


def test_an_edited_row_stays_among_the_orders_and_who_edits_is_asked_once(seen):
    assert sorted(seen["orderedToo"]) == ["S0", "S1", "S2", "S3"]
    assert seen["by"] == "小李"


def test_leaving_is_warned_of_while_edits_are_in_no_file(seen):
    # an event that is not stopped is dispatched as true: the browser leaves without a question
    assert seen["untouched"]
    assert not seen["edited"]
    assert seen["exported"]


def test_an_edit_shows_in_the_list_and_can_be_undone(seen):
    ((number, planned),) = seen["marked"]
    assert (number, planned.split()[0]) == ("77", "计划数量")
    assert seen["dropped"] == [None, True, True]


def test_edits_stay_for_the_next_file_when_they_are_saved(seen):
    """The file takes the place of the one before: without them a second one would lose them."""
    ((key, line),) = seen["draft"]["edits"]
    assert (key.split("@")[0], line["value"]) == (seen["ordered"][0], "77")
    assert (seen["draft"]["isSaved"], seen["kept"]["isSaved"]) == (False, True)
    assert seen["kept"]["edits"] == seen["draft"]["edits"]


def test_edits_that_were_in_no_file_are_back_when_the_page_is_opened_again(tmp_path):
    seen = tried(tmp_path, script=REOPENED)
    assert "已恢复上次没有保存的 1 条改动" in seen["told"]
    assert not seen["hidden"]
    assert seen["line"]["value"] == "55"
    assert '"S1","main","quantity","55"' in seen["csv"]
    assert "1" in seen["save"]
    assert not seen["leaves"]
    # another plan's draft goes once it is in a file, and so does one that cannot be read
    assert seen["drafts"] == ["stork-plan-0123456789ab", "stork-plan-open", "visited"]
    assert seen["discarded"] == [0, True, ["stork-plan-open", "visited"]]


def test_the_page_asks_the_network_for_nothing_and_runs_no_markup_from_its_data(seen, tmp_path):
    assert seen["requests"] == 0
    assert seen["title"] == "补货计划"
    assert seen["hidden"]
    assert seen["changes"] == 3
    html = page(tmp_path).read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert EVIL not in html
    addresses = set(re.findall(r"https?://[^\"'\s]+", html))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_the_same_plan_gives_the_same_page_in_either_language(tmp_path):
    one = page(tmp_path / "a").read_bytes()
    assert one == page(tmp_path / "b").read_bytes()
    english = page(tmp_path / "c", "en").read_text(encoding="utf-8")
    assert "<title>Replenishment plan</title>" in english
    assert "units expected in the next" in english


def test_a_plan_without_a_column_is_refused(tmp_path):
    made = whole_plan(position())
    with pytest.raises(ValueError, match="reason"):
        write_plan_page(
            made.orders.drop(columns="reason"),
            tmp_path / "plan.html",
            plan_id=PLAN_ID,
            language="zh",
            history=pd.DataFrame(),
            forecast=pd.DataFrame(),
            projection=made.projection(),
            transfers=made.transfers,
            changes=made.transfers,
            overrides=made.overrides,
        )
