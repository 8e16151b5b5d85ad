"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const { words, columns, rows, series } = data;
const at = Object.fromEntries(columns.map((column, k) => [column.name, k]));
const $ = (id) => document.getElementById(id);
const PAGE = 200;
const NARROW = matchMedia("(max-width: 1100px)"); // as in the style
const state = { exception: null, shown: PAGE, sort: null, down: false, picked: null, edits: new Map(),
  isSaved: true };
const DRAFT = "stork-plan-";
const keyOf = (row) => `${cell(row, "sku_id")}@${cell(row, "warehouse_id")}`;

// Everything shown is text: nothing of the data is ever read as markup.
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.map((child) => (child instanceof Node ? child : String(child ?? ""))));
  return node;
}

const digits = { qty: 0, number: 1, money: 0, days: 1 };
function spelled(value, kind) {
  if (value === null || value === "") return "";
  if (kind === "percent") return (100 * value).toFixed(1) + "%";
  if (kind in digits) {
    return value.toLocaleString("en", { maximumFractionDigits: digits[kind] });
  }
  return String(value);
}
const cell = (row, name) => row[at[name]];
const edited = (row) => state.edits.get(keyOf(row));
const label = (name, value) => (data.codes[name] || {})[value] ?? value;
const shownCell = (row, name) =>
  columns[at[name]].kind === "code" ? label(name, cell(row, name))
    : spelled(cell(row, name), columns[at[name]].kind);
const headerOf = (name) => columns[at[name]].header;
const isNumber = (name) => ["qty", "number", "money", "days", "percent"].includes(columns[at[name]].kind);

function matching() {
  const wanted = $("search").value.trim().toLowerCase();
  const supplier = $("supplier").value, warehouse = $("warehouse").value;
  const found = rows.filter((row) =>
    (state.exception === null || cell(row, "exception") === state.exception) &&
    (!supplier || cell(row, "supplier_id") === supplier) &&
    (!warehouse || cell(row, "warehouse_id") === warehouse) &&
    (!$("only-orders").checked || cell(row, "order_qty") > 0 || edited(row)) &&
    (!wanted || data.searched.some((name) =>
      String(cell(row, name) ?? "").toLowerCase().includes(wanted))));
  if (state.sort === null) return found;
  const k = at[state.sort], sign = state.down ? -1 : 1;
  return found.sort((a, b) => sign * ((a[k] === null) - (b[k] === null)
    || (a[k] > b[k]) - (a[k] < b[k])));
}

function drawList() {
  const found = matching();
  $("count").textContent = words.count.replace("{}", found.length);
  const body = document.querySelector("#list tbody");
  body.replaceChildren(...found.slice(0, state.shown).map((row) => {
    const line = make("tr", { tabindex: 0, class: row === state.picked ? "on" : "",
      onclick: () => choose(row, line),
      onkeydown: (event) => { if (event.key === "Enter") choose(row, line); } });
    for (const name of data.listed) {
      if (name === "exception") {
        const text = shownCell(row, name) || label("priority", cell(row, "priority"));
        line.append(make("td", {}, make("span", { class: `tag p${cell(row, "priority")}` }, text)));
      } else if (name === "order_qty" && edited(row)) {
        line.append(make("td", { class: "n edited", title: `${words.was} ${shownCell(row, name)}` },
          spelled(Number(edited(row).value), "qty")));
      } else {
        line.append(make("td", { class: isNumber(name) ? "n" : "" }, shownCell(row, name)));
      }
    }
    return line;
  }));
  $("more").hidden = found.length <= state.shown;
}

function drawHead() {
  document.querySelector("#list thead").replaceChildren(make("tr", {}, ...data.listed.map((name) =>
    make("th", { class: isNumber(name) ? "n" : "" }, make("button", {
      onclick: () => {
        state.down = state.sort === name && !state.down;
        state.sort = name;
        drawList();
      },
    }, headerOf(name))))));
}

function drawChips() {
  const counts = new Map();
  for (const row of rows) {
    const code = cell(row, "exception");
    counts.set(code, (counts.get(code) || 0) + 1);
  }
  const codes = Object.keys(data.codes.exception).filter((code) => code && counts.has(code));
  const chip = (code, text, count) => make("button", {
    class: "chip" + (state.exception === code ? " on" : ""),
    "data-exception": code,
    onclick: () => {
      state.exception = state.exception === code ? null : code;
      state.shown = PAGE;
      drawChips();
      drawList();
    },
  }, `${text} ${count}`);
  $("chips").replaceChildren(
    chip(null, words.everything, rows.length),
    ...codes.map((code) => chip(code, data.codes.exception[code], counts.get(code))));
}

function choose(row, line) {
  for (const on of document.querySelectorAll("#list tr.on")) on.className = "";
  line.className = "on";
  pick(row);
  if (NARROW.matches) $("detail").scrollIntoView(); // there it lies below the list
}

function pick(row) {
  state.picked = row;
  const terms = data.told.filter((name) => shownCell(row, name) !== "")
    .flatMap((name) => [make("dt", {}, headerOf(name)), make("dd", {}, shownCell(row, name))]);
  const name = cell(row, "sku_name") || cell(row, "sku_id");
  const own = series[keyOf(row)];
  $("detail").replaceChildren(
    make("h2", {}, name),
    make("div", { class: "sub" },
      [cell(row, "sku_id"), cell(row, "warehouse_id"), cell(row, "supplier_name")]
        .filter(Boolean).join(" · ")),
    make("div", { id: "why" }, cell(row, "reason")),
    make("dl", {}, ...terms),
    ...(own ? charts(own) : []),
    editor(row));
}

function charts(own) {
  const past = own.past.map((y, k) => [data.past_weeks[k], y]);
  const ahead = (values) => values.map((y, k) => [data.ahead_weeks[k], y]);
  const stock = (values) => values.map((y, k) => [data.stock_days[k], y]);
  return [
    make("h3", {}, words.detail_demand),
    chart([
      { points: past, color: "#404040" },
      { points: ahead(own.mean), color: "#c55a11" },
    ], { low: ahead(own.low), high: ahead(own.high), color: "#c55a11" }),
    legend([[words.demand_history, "#404040"], [words.demand_forecast, "#c55a11"],
      [`${words.low} – ${words.high}`, "#f4d5c1"]]),
    make("h3", {}, words.detail_stock),
    chart([
      { points: stock(own.without), color: "#c00000", dashed: true },
      { points: stock(own.within), color: "#2e75b6" },
    ]),
    legend([[words.stock_without, "#c00000"], [words.stock_with, "#2e75b6"]]),
  ];
}

const legend = (entries) => make("div", { class: "legend" }, ...entries.map(([text, color]) =>
  make("span", {}, make("i", { style: `background:${color}` }), text)));

function chart(lines, band) {
  const width = 448, height = 170, left = 40, bottom = 20, top = 8;
  const space = "http://www.w3.org/2000/svg";
  const all = [...lines.flatMap((line) => line.points), ...(band ? band.high : [])]
    .filter(([, y]) => y !== null);
  if (!all.length) return make("p", { class: "sub" }, words.unknown);
  const days = all.map(([day]) => Date.parse(day));
  const [from, to] = [Math.min(...days), Math.max(...days)];
  const most = Math.max(1, ...all.map(([, y]) => y));
  const x = (day) => left + (width - left - 6) * (Date.parse(day) - from) / Math.max(to - from, 1);
  const y = (units) => height - bottom - (height - bottom - top) * Math.max(units, 0) / most;
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const draw = (tag, attributes, text) => {
    const node = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    picture.append(node);
  };
  for (const share of [0, 0.5, 1]) {
    draw("line", { x1: left, x2: width - 6, y1: y(share * most), y2: y(share * most), stroke: "#e2e6ea" });
    draw("text", { x: left - 5, y: y(share * most) + 3, "text-anchor": "end" },
      spelled(share * most, "number"));
  }
  for (const share of [0, 0.5, 1]) {
    const day = new Date(from + share * (to - from)).toISOString().slice(5, 10);
    draw("text", { x: left + share * (width - left - 6), y: height - 5,
      "text-anchor": ["start", "middle", "end"][2 * share] }, day);
  }
  const path = (points) => points.filter(([, units]) => units !== null)
    .map(([day, units], k) => `${k ? "L" : "M"}${x(day).toFixed(1)},${y(units).toFixed(1)}`).join("");
  if (band) {
    const back = path([...band.high].reverse()).replace(/^M/, "L");
    draw("path", { d: path(band.low) + back + "Z", fill: band.color, opacity: 0.18, class: "fan" });
  }
  for (const line of lines) {
    draw("path", { d: path(line.points), fill: "none", stroke: line.color, "stroke-width": 1.8,
      "stroke-dasharray": line.dashed ? "5 4" : "none" });
  }
  return picture;
}

function editor(row) {
  const key = keyOf(row), before = edited(row) || {}, last = [...state.edits.values()].at(-1);
  const field = (name, attributes) => make("input", { name, ...attributes });
  const quantity = field("value", { type: "number", min: 0, value: before.value ?? cell(row, "order_qty") });
  const until = field("expires_on", { type: "date", value: before.expires_on ?? data.next_review });
  const by = field("by", { value: before.by ?? last?.by ?? "" });
  const why = field("why", { value: before.why ?? "" });
  const told = make("div", { class: "told" });
  const drop = make("button", {
    id: "drop", hidden: !state.edits.has(key),
    onclick: () => { state.edits.delete(key); noteEdits(false); pick(row); },
  }, words.drop);
  const named = (text, input) => make("label", {}, text, input);
  return make("div", { class: "edit" }, named(headerOf("order_qty"), quantity),
    named(words.until, until), named(words.by, by), named(words.why, why), make("button", {
    class: "act",
    id: "keep",
    onclick: () => {
      if (!/^\d+$/.test(quantity.value)) {
        told.textContent = words.no_quantity;
        return;
      }
      state.edits.set(key, {
        sku_id: cell(row, "sku_id"), warehouse_id: cell(row, "warehouse_id"), action: "quantity",
        value: quantity.value, expires_on: until.value, by: by.value, why: why.value,
      });
      noteEdits(false);
      drop.hidden = false;
      told.textContent = oddQuantity(row, Number(quantity.value)) + words.kept;
    },
  }, words.keep), drop, told);
}

// What the plan would doubt tomorrow is said at once; the planner may have agreed it by phone.
function oddQuantity(row, quantity) {
  const moq = cell(row, "moq"), pack = cell(row, "pack_size");
  if (!quantity || (quantity >= moq && quantity % pack === 0)) return "";
  return words.odd.replace("{}", spelled(moq, "qty")).replace("{}", spelled(pack, "qty"));
}

// The file that is saved takes the place of the one before, so edits stay here once they are saved.
function noteEdits(isSaved) {
  state.isSaved = isSaved || !state.edits.size;
  keepDraft();
  $("save").hidden = !state.edits.size;
  $("save").textContent = words.save.replace("{}", state.edits.size);
  $("draft").hidden = true;
  drawList();
}

// A browser may be told to store nothing: then there is no draft, and leaving is still warned of.
function storage() {
  try {
    return window.localStorage;
  } catch (refused) {
    return null;
  }
}

function keepDraft() {
  const kept = storage(), name = DRAFT + data.plan_id;
  if (!kept) return;
  const draft = { isSaved: state.isSaved, edits: [...state.edits] };
  try {
    if (state.edits.size) kept.setItem(name, JSON.stringify(draft));
    else kept.removeItem(name);
  } catch (full) {
    $("draft").hidden = false;
    $("draft").replaceChildren(words.no_draft);
  }
}

function readDraft(text) {
  try {
    return JSON.parse(text);
  } catch (damaged) {
    return null;
  }
}

function takeUpDraft() {
  const kept = storage();
  if (!kept) return;
  for (const name of Object.keys(kept)) {
    if (!name.startsWith(DRAFT)) continue;
    const draft = readDraft(kept.getItem(name));
    if (!draft || name !== DRAFT + data.plan_id) {
      if (!draft || draft.isSaved) kept.removeItem(name); // the plans since have read it
      continue;
    }
    state.edits = new Map(draft.edits);
    noteEdits(draft.isSaved);
    $("draft").hidden = false;
    $("draft").replaceChildren(
      (draft.isSaved ? words.draft_saved : words.draft).replace("{}", state.edits.size),
      make("button", { id: "discard", onclick: () => {
        state.edits.clear();
        noteEdits(true);
        if (state.picked) pick(state.picked);
      } }, words.discard));
  }
}

function overridesCsv() {
  const names = ["sku_id", "warehouse_id", "action", "value", "expires_on", "by", "why"];
  // a spreadsheet would run it as a formula
  const safe = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const quote = (text) => `"${safe(String(text)).replaceAll('"', '""')}"`;
  const before = data.overrides.filter((line) => line.action !== "quantity"
    || !state.edits.has(`${line.sku_id}@${line.warehouse_id}`));
  const lines = [...before, ...state.edits.values()]
    .map((line) => names.map((name) => quote(line[name])).join(","));
  return "\ufeff" + [names.join(","), ...lines].join("\r\n") + "\r\n";
}

function table(section, content, empty) {
  const head = make("tr", {}, ...content.headers.map((text, k) =>
    make("th", { class: content.kinds[k] === "text" ? "" : "n" }, text)));
  const lines = content.rows.map((row) => make("tr", {}, ...row.map((value, k) =>
    make("td", { class: content.kinds[k] === "text" ? "wide" : "n" }, spelled(value, content.kinds[k])))));
  section.replaceChildren(content.rows.length
    ? make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines))
    : make("p", {}, empty));
}

function start() {
  $("title").textContent = words.title;
  $("as-of").textContent = words.as_of + (data.left_out ? " · " + data.left_out : "");
  $("notices").hidden = !data.notices.length;
  $("notices").replaceChildren(...data.notices.map((text) => make("li", {}, text)));
  $("tiles").replaceChildren(...data.tiles.map(([text, number]) =>
    make("div", { class: "tile" }, make("b", {}, spelled(number, "qty")), text)));
  $("search").placeholder = words.search;
  $("only-orders-label").textContent = words.only_orders;
  $("more").textContent = words.more;
  for (const [id, name, all] of [
    ["supplier", "supplier_id", words.all_suppliers],
    ["warehouse", "warehouse_id", words.all_warehouses],
  ]) {
    const options = new Map(rows.filter((row) => cell(row, name)).map((row) => [cell(row, name),
      id === "supplier" ? cell(row, "supplier_name") || cell(row, name) : cell(row, name)]));
    $(id).replaceChildren(make("option", { value: "" }, all), ...[...options].sort().map(
      ([value, text]) => make("option", { value }, text)));
  }
  const sections = ["plan", "transfers", "changes", "glossary"];
  const open = (wanted) => {
    for (const id of sections) $(id).hidden = id !== wanted;
    $("tabs").replaceChildren(...sections.map((id) => make("button", {
      class: id === wanted ? "on" : "", "data-tab": id, onclick: () => open(id),
    }, words[`tab_${id}`])));
  };
  for (const id of ["search", "supplier", "warehouse", "only-orders"]) {
    $(id).addEventListener("input", () => { state.shown = PAGE; drawList(); });
  }
  $("more").addEventListener("click", () => { state.shown += PAGE; drawList(); });
  $("save").addEventListener("click", () => {
    const file = new Blob([overridesCsv()], { type: "text/csv" });
    const link = make("a", { href: URL.createObjectURL(file), download: "overrides.csv" });
    link.click();
    URL.revokeObjectURL(link.href);
    noteEdits(true);
  });
  window.addEventListener("beforeunload", (event) => {
    if (!state.isSaved) event.preventDefault();
  });
  table($("transfers"), data.transfers, words.empty);
  table($("changes"), data.changes, words.empty);
  table($("glossary"), data.glossary, words.empty);
  drawHead();
  drawChips();
  open("plan");
  takeUpDraft();
  if (rows.length) pick(rows[0]);
  drawList();
}
start();
