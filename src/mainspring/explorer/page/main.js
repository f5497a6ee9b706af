// The page: one model, three views of it, and the address, which says what is open.

import { Details } from "./details.js";
import { h, named } from "./dom.js";
import { List } from "./list.js";
import { Model } from "./model.js";

const find = (id) => document.getElementById(id);
const [search, scope, kind, count, state] = ["search", "scope", "kind", "count", "state"].map(find);
const model = new Model();
const list = new List(find("list"), { open, toggle, move });
const details = new Details(find("details"), model, { select, graph: showGraph, close });
let graph = null; // its module, with what draws, is loaded when somebody wants to see one

// What is open

function open(row, takesFocus = false) {
  const wasOpen = !find("details").hidden;
  details.show(row);
  note({ id: row.id }, wasOpen);
  document.body.classList.add("has-details");
  if (takesFocus === true) details.focus();
}

function close() {
  const hadFocus = find("details").contains(document.activeElement);
  details.hide();
  document.body.classList.remove("has-details");
  note({ id: null }, true);
  if (hadFocus) (isGraph() ? graph : list)?.focus();
}

// Go to a binding from wherever it is linked.
function select(id) {
  const row = model.rows.get(id);
  if (row === undefined) return;
  list.activate(id);
  if (isGraph()) graph.show(id);
  else list.goTo(id);
  open(row, true);
}

function toggle(item) {
  const before = model.collapsed.delete(item.context);
  if (!before) model.collapsed.add(item.context);
  refresh();
}

// The keyboard moved in the list: an open panel follows.
function move(item) {
  if (!item.isContext && !find("details").hidden && !isNarrow()) open(item);
}

const isNarrow = () => matchMedia("(max-width: 720px)").matches;
const isGraph = () => !find("graph").hidden;

function showList() {
  find("graph").hidden = true;
  find("list").hidden = false;
  press("as-list");
  note({ view: null }, true);
  refresh();
  list.focus();
}

async function showGraph(row) {
  const id = (row ?? model.rows.get(list.active))?.id ?? null;
  find("list").hidden = find("nothing").hidden = true;
  find("graph").hidden = false;
  press("as-graph");
  note({ view: "graph", id: details.row?.id ?? id }, true);
  if (isNarrow()) close();
  if (graph === null) {
    const { Graph } = await import("./graph.js");
    graph ??= new Graph(find("graph"), model, { select: (node) => open(node) });
  }
  await graph.show(id);
  graph.focus();
}

function press(name) {
  for (const id of ["as-list", "as-graph"]) find(id).setAttribute("aria-pressed", String(id === name));
  document.body.classList.toggle("has-graph", name === "as-graph");
}

// The address

function noted() {
  return new URLSearchParams(location.hash.slice(1));
}

function note(changes, replaces) {
  const parts = noted();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) parts.delete(name);
    else parts.set(name, value);
  }
  const hash = parts.size ? `#${parts}` : location.pathname;
  history[replaces ? "replaceState" : "pushState"](null, "", hash);
}

function follow() {
  const row = model.rows.get(noted().get("id"));
  if (noted().get("view") === "graph") showGraph(row);
  else if (isGraph()) showList();
  if (row) {
    details.show(row);
    document.body.classList.add("has-details");
    list.goTo(row.id);
  } else if (!find("details").hidden) close();
}

// What is seen

let pending = 0;

function refresh() {
  const items = model.visible();
  const shown = items.reduce((sum, item) => sum + (item.isContext ? 0 : 1), 0);
  const [some, all] = [shown, model.rows.size].map((number) => number.toLocaleString("en"));
  count.textContent = model.isFiltered ? `${some} of ${all}` : `${all} bindings`;
  find("nothing").hidden = isGraph() || !model.ready || items.length > 0;
  if (!isGraph()) list.show(items, model.words);
}

function later() {
  pending ||= requestAnimationFrame(() => {
    pending = 0;
    refresh();
  });
}

// How many bindings each choice leaves.
function fillChoices() {
  for (const [select, name, all] of [
    [scope, "scope", "every scope"],
    [kind, "kind", "every kind"],
  ]) {
    const counts = new Map();
    for (const row of model.rows.values()) counts.set(row[name], (counts.get(row[name]) ?? 0) + 1);
    if (select.value && !counts.has(select.value)) counts.set(select.value, 0);
    const options = [...counts]
      .sort()
      .map(([value, number]) => h("option", { value }, `${value.replace("_", " ") || "no source"} (${number})`));
    const value = select.value;
    select.replaceChildren(h("option", { value: "" }, all), ...options);
    select.value = value;
  }
}

const STATES = { reading: "reading", live: "live", waiting: "reconnecting", closed: "not available" };
let isFollowed = false;
let isPainted = false;
let renewing = 0;

model.addEventListener("state", ({ detail }) => {
  state.dataset.state = detail;
  state.textContent = STATES[detail];
  const { given } = named(model);
  find("name").textContent = given || "Context";
  document.title = `${given} · context`;
  if (detail !== "live") return;
  fillChoices();
  later();
  if (!isFollowed && noted().size) {
    refresh();
    follow();
  }
  isFollowed = true;
});

model.addEventListener("change", () => {
  if (isPainted || model.rows.size === 0) later();
  else refresh(); // the first bindings are on the screen as soon as they are here
  isPainted ||= model.rows.size > 0;
  if (!model.ready) return;
  fillChoices();
  clearTimeout(renewing);
  renewing = setTimeout(renew, 400);
});

// What is open follows a change; a binding that is gone says so.
function renew() {
  if (details.row) {
    details.show(model.rows.get(details.row.id) ?? details.row);
  }
  if (isGraph()) graph?.renew();
}

// Hands

search.addEventListener("input", () => {
  model.query = search.value;
  find("list").scrollTop = 0;
  if (isGraph()) (showList(), search.focus());
  refresh();
});
for (const [select, name] of [
  [scope, "scope"],
  [kind, "kind"],
]) {
  select.addEventListener("change", () => {
    model[name] = select.value;
    find("list").scrollTop = 0;
    if (isGraph()) showList();
    refresh();
  });
}
find("as-list").addEventListener("click", showList);
find("as-graph").addEventListener("click", () => showGraph(details.row));
addEventListener("popstate", follow);
// Nobody looks at a hidden page, and a browser has few connections to one server.
document.addEventListener("visibilitychange", () => (document.hidden ? model.disconnect() : model.connect()));

search.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") list.focus();
  else if (event.key === "Enter" && list.best()) select(list.best().id);
  else return;
  event.preventDefault();
});

addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "/" && !isTyping) search.select();
  else if (event.key === "g" && !isTyping) showGraph(details.row);
  else if (event.key === "Escape") escape(isTyping);
  else return;
  event.preventDefault();
});

// Out of the innermost thing that is open.
function escape(isTyping) {
  if (!find("details").hidden && !isTyping) close();
  else if (search.value) {
    search.value = model.query = "";
    refresh();
  } else if (isGraph()) showList();
  else list.focus();
}

if (!document.hidden) model.connect();
