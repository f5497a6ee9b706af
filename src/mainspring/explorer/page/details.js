// One binding: everything that is known of it, what it injects, and who injects it.

import { h, keyed, named, readable, shownTag } from "./dom.js";

const MANY = 100; // links of one sort; a configuration may be injected by thousands

export class Details {
  row = null;
  #turn = 0;

  constructor(element, model, { select, graph, close }) {
    Object.assign(this, { element, model, select, graph, close });
  }

  // Show a binding; what has to be asked for follows.
  async show(row) {
    const turn = ++this.#turn;
    const isSame = this.row?.id === row.id;
    this.row = row;
    this.element.hidden = false;
    if (!isSame || !this.model.rows.has(row.id)) {
      this.element.replaceChildren(this.#head(row), this.#facts(row, null));
      this.element.scrollTop = 0;
    }
    if (!this.model.rows.has(row.id)) {
      this.element.append(h("p", { class: "trouble", role: "alert" }, "It is not bound any more."));
      return;
    }
    try {
      const [told, edges] = await Promise.all([this.model.details(row), this.model.edges()]);
      if (turn === this.#turn) this.#fill(this.model.rows.get(row.id) ?? row, told, edges);
    } catch (error) {
      if (turn === this.#turn) this.element.append(h("p", { class: "trouble", role: "alert" }, error.message));
    }
  }

  hide() {
    this.#turn++;
    this.row = null;
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  focus() {
    this.element.querySelector("h2")?.focus();
  }

  #fill(row, told, edges) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    this.element.replaceChildren(this.#head(row), this.#facts(row, told), ...this.#links(row, told, edges));
    if (focused) this.element.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  #head(row) {
    return h(
      "div",
      { class: "head" },
      h("button", {
        type: "button",
        class: "close",
        "aria-label": "Close",
        title: "Close (Esc)",
        "data-focus": "close",
        onclick: this.close,
      }),
      h("h2", { tabindex: -1, "data-focus": "title" }, keyed(row.key)),
      h(
        "button",
        { type: "button", class: "to-graph", "data-focus": "graph", onclick: () => this.graph(row) },
        "Graph",
      ),
    );
  }

  #facts(row, told) {
    const facts = [];
    const add = (name, ...value) => facts.push(h("dt", {}, name), h("dd", {}, ...value));
    const context = this.model.context(row.context);
    if (readable(row.key) !== row.key) add("Key", h("code", {}, row.key));
    add(
      "Context",
      context
        ? h(
            "span",
            { title: context.name },
            named(context).given,
            h("span", { class: "pale" }, named(context).made),
            ` (${context.scope})`,
          )
        : "gone",
    );
    add("Kind", row.kind.replace("_", " ") || "none yet");
    add("Scope", row.scope);
    if (row.source)
      add(row.kind === "constant" ? "Type" : row.kind === "alias" ? "Alias of" : "Source", h("code", {}, row.source));
    add("Declared", row.place ? h("code", { class: "file" }, row.place) : h("span", { class: "pale" }, "not known"));
    if (row.tags.length)
      add(
        "Tags",
        h(
          "span",
          { class: "tags" },
          row.tags.map((tag) => h("span", { class: "tag" }, shownTag(tag))),
        ),
      );
    if (row.locked) add("Locked", "yes");
    if (told && row.kind !== "constant" && row.scope !== "transient") add("Value", told.made ? "made" : "not made yet");
    if (told && "value" in told) add("Value", h("pre", {}, JSON.stringify(told.value, null, 2)));
    else if (told && row.kind === "constant") add("Value", h("span", { class: "pale" }, "not shown"));
    return h("dl", {}, facts);
  }

  #links(row, told, edges) {
    const out = edges.from.get(row.id) ?? [];
    const points = told.injections
      ? [...(told.injections.constructor_arguments ?? []), ...Object.values(told.injections.properties ?? {})]
      : [];
    const named = new Set(points.map((point) => point.target));
    const injects = [
      ...points.map((point) => this.#point(point, out)),
      ...out.filter((edge) => !named.has(edge.label)).map((edge) => this.#link(edge.to, edge.label || edge.kind)),
    ];
    const by = (edges.to.get(row.id) ?? []).map((edge) => this.#link(edge.from, edge.label || edge.kind));
    return [
      this.#section(row.kind === "alias" ? "Leads to" : "Injects", injects, "nothing"),
      this.#section("Injected by", by, "nobody"),
    ];
  }

  #section(title, items, nothing) {
    const more =
      items.length > MANY ? [h("li", { class: "pale" }, `and ${(items.length - MANY).toLocaleString("en")} more`)] : [];
    const list = items.length ? h("ul", {}, items.slice(0, MANY), more) : h("p", { class: "pale" }, nothing);
    return h(
      "section",
      {},
      h("h3", {}, title, items.length ? h("span", { class: "about" }, items.length.toLocaleString("en")) : null),
      list,
    );
  }

  // An injection point: what it asks for, and where that leads.
  #point(point, out) {
    const found = out.filter((edge) => edge.label === point.target);
    if (found.length === 1) return this.#link(found[0].to, point.target);
    const wanted = point.key ?? point.type ?? (point.tag ? `tag ${JSON.stringify(point.tag)}` : point.filter) ?? "";
    if (found.length) {
      const links = found.slice(0, MANY).map((edge) => this.#link(edge.to, ""));
      return h("li", {}, h("span", { class: "point" }, `${point.target} · ${wanted || "view"}`), h("ul", {}, links));
    }
    const what = point.optional ? `${wanted} (optional, not bound)` : wanted || (point.decorator ?? "");
    return h("li", {}, h("span", { class: "pale" }, what), h("span", { class: "point" }, point.target));
  }

  #link(id, label) {
    const row = this.model.rows.get(id);
    const key = row?.key ?? id.slice(id.indexOf(" ") + 1);
    const other = row && row.context !== this.row.context ? named(this.model.context(row.context)).given : null;
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "link", "data-focus": `${label} ${id}`, onclick: () => this.select(id) },
        keyed(key),
      ),
      label || other
        ? h("span", { class: "point" }, [label, other && `in ${other}`].filter(Boolean).join(" · "))
        : null,
    );
  }
}
