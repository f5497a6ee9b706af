// The list: a tree grid of which only the rows in sight are elements, however many there are.

import { h, keyed, marked, named, placed, readable, shownTag } from "./dom.js";

const AROUND = 8; // rows made beyond the edges, so that a quick turn of the wheel shows none that is empty
const FRESH = 1600; // milliseconds that a change is lit

export class List {
  active = null; // the id of the row the keyboard is at
  #items = [];
  #made = new Map();
  #frame = 0;
  #words = [];

  constructor(element, { open, toggle, move }) {
    this.element = element;
    this.rows = element.querySelector(".rows");
    Object.assign(this, { open, toggle, move });
    element.addEventListener("scroll", () => this.#later(), { passive: true });
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("focus", () => this.#at() < 0 && this.activate(this.#items[0]?.id));
    this.rows.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#later()).observe(element);
  }

  show(items, words) {
    this.#items = items;
    this.#words = words;
    this.#made.forEach((row) => row.remove());
    this.#made.clear();
    this.element.setAttribute("aria-rowcount", items.length + 1);
    this.#draw();
  }

  focus() {
    this.element.focus({ preventScroll: true });
  }

  // Make a row the active one and bring it into sight.
  go(position) {
    const at = Math.max(0, Math.min(position, this.#items.length - 1));
    const item = this.#items[at];
    if (item === undefined) return;
    this.activate(item.id);
    const { clientHeight, scrollTop } = this.element;
    const height = this.#height();
    const head = this.rows.offsetTop;
    const top = at * height;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + height > scrollTop + clientHeight - head)
      this.element.scrollTop = top + height - clientHeight + head;
    this.#draw();
    this.move(item);
  }

  goTo(id) {
    const position = this.#items.findIndex((item) => item.id === id);
    if (position >= 0) this.go(position);
  }

  activate(id) {
    const rows = [this.#made.get(this.active), this.#made.get(id)];
    this.active = id;
    for (const row of rows) row?.replaceWith(this.#remade(row));
    this.#point();
  }

  // The first binding whose key has all that was searched for, else the first one.
  best() {
    const bindings = this.#items.filter((item) => !item.isContext);
    return bindings.find(({ key }) => this.#words.every((word) => key.toLowerCase().includes(word))) ?? bindings[0];
  }

  #at() {
    return this.#items.findIndex((item) => item.id === this.active);
  }

  #height() {
    return parseFloat(getComputedStyle(this.element).getPropertyValue("--row"));
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const height = this.#height();
    const from = Math.max(0, Math.floor(this.element.scrollTop / height) - AROUND);
    const to = Math.min(
      this.#items.length,
      Math.ceil((this.element.scrollTop + this.element.clientHeight) / height) + AROUND,
    );
    const wanted = new Set();
    const added = [];
    for (let at = from; at < to; at++) {
      const item = this.#items[at];
      wanted.add(item.id);
      if (!this.#made.has(item.id)) added.push(this.#row(item, at));
    }
    for (const [id, row] of this.#made) {
      if (wanted.has(id)) continue;
      row.remove();
      this.#made.delete(id);
    }
    this.rows.append(...added);
    this.rows.style.height = `${this.#items.length * height}px`;
    this.#point();
  }

  // Tell which row is the active one.
  #point() {
    const active = this.#made.get(this.active);
    if (active) this.element.setAttribute("aria-activedescendant", active.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #remade(row) {
    const at = Number(row.dataset.at);
    return this.#row(this.#items[at], at);
  }

  #row(item, at) {
    const row = item.isContext ? this.#contextRow(item) : this.#bindingRow(item);
    row.id = `row-${at}`;
    row.dataset.at = at;
    row.style.transform = `translateY(calc(${at} * var(--row)))`;
    row.setAttribute("aria-rowindex", at + 2);
    if (item.id === this.active) row.classList.add("active");
    row.setAttribute("aria-selected", item.id === this.active);
    if (item.fresh && performance.now() - item.fresh < FRESH) row.classList.add("fresh");
    this.#made.set(item.id, row);
    return row;
  }

  #contextRow({ of, level, open, count }) {
    const attributes = { role: "row", class: "row context", "aria-level": level, "aria-expanded": String(open) };
    return h(
      "div",
      attributes,
      h(
        "span",
        { role: "gridcell", class: "key", "aria-colspan": 6 },
        h("span", { class: `indent-${Math.min(level, 6)}`, "aria-hidden": "true" }),
        h("span", { class: "twist", "aria-hidden": "true" }),
        h("b", { title: of.name }, named(of).given),
        h("span", { class: "pale" }, named(of).made),
        " ",
        h("span", { class: "about" }, `${of.scope} · ${count.toLocaleString("en")}`),
      ),
    );
  }

  #bindingRow(item) {
    const cell = (name, text) =>
      h("span", { role: "gridcell", class: name, title: text || null }, marked(text, this.#words));
    const key = this.#words.length ? marked(readable(item.key), this.#words) : keyed(item.key);
    const tags = item.tags.map(shownTag);
    return h(
      "div",
      { role: "row", class: "row", "aria-level": item.level },
      h(
        "span",
        { role: "gridcell", class: "key", title: item.key },
        key,
        item.locked ? h("small", {}, "locked") : null,
      ),
      cell("kind", item.kind.replace("_", " ")),
      cell("scope", item.scope),
      cell("source", item.source),
      h(
        "span",
        { role: "gridcell", class: "tags", title: tags.join("\n") || null },
        tags.map((tag) => h("span", { class: "tag" }, marked(tag, this.#words))),
      ),
      h("span", { role: "gridcell", class: "place", title: item.place || null }, placed(item.place, this.#words)),
    );
  }

  #click(event) {
    const row = event.target.closest("[role=row]");
    const item = this.#items[row?.dataset.at];
    if (item === undefined || getSelection().toString()) return;
    this.activate(item.id);
    this.element.focus({ preventScroll: true });
    if (item.isContext) this.toggle(item);
    else this.open(item);
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = this.#at();
    const item = this.#items[at];
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.#height()) - 2);
    const ways = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: Infinity };
    if (event.key in ways) this.go(ways[event.key]);
    else if (event.key === "ArrowRight" && item?.isContext && !item.open) this.toggle(item);
    else if (event.key === "ArrowLeft" && item?.isContext && item.open) this.toggle(item);
    else if (event.key === "ArrowLeft" && item) this.#up(at);
    else if (["Enter", " "].includes(event.key) && item) (item.isContext ? this.toggle : this.open)(item, true);
    else return;
    event.preventDefault();
  }

  // From a binding to the line of its context; from a context to the one above it.
  #up(at) {
    const item = this.#items[at];
    const id = item.isContext ? `${item.of.parent} ` : `${item.context} `;
    this.goTo(id);
  }
}
