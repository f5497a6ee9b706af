// Who injects what, drawn: what is around one binding, or all of it while that can still be read.

import cytoscape from "./cytoscape.esm.min.js";
import dagre from "./dagre.esm.js";
import { h, readable } from "./dom.js";

const MOST = 150; // nodes of one drawing: more can be laid out, but not read
const DEPTHS = [1, 2, 3, 4, 5];
const LETTERS = 34;
const SMALLEST = 0.5; // of its size a text can still be read
const KINDS = {
  injects: "given when it is made",
  later: "asked for by a getter or setter",
  alias: "another name of it",
};

export class Graph {
  #id = null;
  #depth = 2;
  #all = false;
  #drawn = "";
  #turn = 0;

  constructor(element, model, { select }) {
    Object.assign(this, { element, model, select });
    this.canvas = h("div", { class: "canvas", tabindex: 0, role: "application", "aria-roledescription": "graph" });
    this.canvas.setAttribute("aria-label", "Graph: arrow keys go from binding to binding, Enter opens one");
    this.said = h("p", { class: "said", role: "status" });
    this.depths = h("select", { "aria-label": "Steps around the binding", onchange: () => this.#deepen() });
    this.depths.append(
      ...DEPTHS.map((depth) =>
        h("option", { value: depth, selected: depth === this.#depth }, `${depth} ${depth === 1 ? "step" : "steps"}`),
      ),
    );
    this.whole = h("button", { type: "button", "aria-pressed": "false", onclick: () => this.#toggleAll() }, "All");
    const fit = h("button", { type: "button", onclick: () => this.#fit(true) }, "Fit");
    const legend = Object.entries(KINDS).map(([kind, title]) => h("span", { class: `legend ${kind}`, title }, kind));
    element.replaceChildren(
      h("div", { class: "tools" }, this.depths, this.whole, fit, this.said, h("span", { class: "legends" }, legend)),
      this.canvas,
    );
    this.drawing = cytoscape({
      container: this.canvas,
      minZoom: 0.1,
      maxZoom: 2.5,
      autoungrabify: true,
      boxSelectionEnabled: false,
    });
    this.drawing.on("tap", "node", (event) => this.#choose(event.target.id()));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
    new ResizeObserver(() => this.drawing.resize()).observe(this.canvas);
  }

  focus() {
    this.canvas.focus({ preventScroll: true });
  }

  async show(id) {
    this.#id = id;
    await this.renew();
  }

  // Draw what there is now; nothing moves when that is what is drawn.
  async renew() {
    const turn = ++this.#turn;
    let edges;
    try {
      edges = await this.model.edges();
    } catch (error) {
      this.said.textContent = error.message;
      return;
    }
    if (turn !== this.#turn) return;
    const isWhole = this.#all || this.#id === null;
    const { nodes, left } = isWhole ? this.#everything(edges) : this.#around(edges);
    const inside = [...nodes].flatMap((id) => edges.from.get(id) ?? []).filter((edge) => nodes.has(edge.to));
    this.said.textContent = this.#summary(isWhole, nodes, left);
    const drawn = JSON.stringify([this.#id, [...nodes], inside]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#draw(nodes, inside);
  }

  #summary(isWhole, nodes, left) {
    const bindings = `${nodes.size} ${nodes.size === 1 ? "binding" : "bindings"}`;
    if (isWhole && nodes.size === 0)
      return left
        ? `${left.toLocaleString("en")} bindings are too many to draw: choose one in the list.`
        : "Nothing injects anything.";
    return left ? `${bindings}, and ${left.toLocaleString("en")} more` : bindings;
  }

  // All that injects or is injected, if a person can read it.
  #everything(edges) {
    const nodes = new Set([...edges.from.keys(), ...edges.to.keys()].filter((id) => this.model.rows.has(id)));
    return nodes.size > MOST ? { nodes: new Set(), left: nodes.size } : { nodes, left: 0 };
  }

  // Step by step away from the binding, in both directions.
  #around(edges) {
    const nodes = new Set(this.model.rows.has(this.#id) ? [this.#id] : []);
    let edge = [...nodes];
    let left = 0;
    for (let step = 0; step < this.#depth; step++) {
      const next = [];
      for (const id of edge) {
        for (const other of [
          ...(edges.from.get(id) ?? []).map((each) => each.to),
          ...(edges.to.get(id) ?? []).map((each) => each.from),
        ]) {
          if (nodes.has(other)) continue;
          if (nodes.size >= MOST) left++;
          else (nodes.add(other), next.push(other));
        }
      }
      edge = next;
    }
    return { nodes, left };
  }

  #draw(nodes, edges) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = "12px ui-monospace, monospace";
    const labels = new Map([...nodes].map((id) => [id, this.#label(id)]));
    const sizes = new Map(
      [...labels].map(([id, label]) => [id, { width: Math.ceil(pen.measureText(label).width) + 22, height: 26 }]),
    );
    const plan = this.#plan(sizes, edges);
    this.drawing.elements().remove();
    this.drawing.add([
      ...[...nodes].map((id) => {
        const { x, y, width, height } = plan.node(id);
        return {
          data: { id, label: labels.get(id), width, height },
          position: { x, y },
          classes: id === this.#id ? "chosen" : "",
        };
      }),
      ...edges.map((edge, at) => ({
        data: { id: `edge ${at}`, source: edge.from, target: edge.to },
        classes: edge.kind,
      })),
    ]);
    this.#paint();
    this.#fit(false);
  }

  // From left to right or from top to bottom, as it can be shown larger; if it fits in neither way, as the screen is.
  #plan(sizes, edges) {
    const plans = ["LR", "TB"].map((rankdir) => {
      const plan = new dagre.graphlib.Graph({ multigraph: true });
      plan.setGraph({ rankdir, ...(rankdir === "LR" ? { nodesep: 10, ranksep: 56 } : { nodesep: 16, ranksep: 34 }) });
      for (const [id, size] of sizes) plan.setNode(id, { ...size });
      edges.forEach((edge, at) => plan.setEdge(edge.from, edge.to, {}, String(at)));
      dagre.layout(plan);
      return plan;
    });
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [across, down] = plans.map((plan) => Math.min(width / plan.graph().width, height / plan.graph().height, 1));
    const fits = Math.max(across, down) > SMALLEST;
    return (fits ? down > across : height > width) ? plans[1] : plans[0];
  }

  #label(id) {
    const key = readable(this.model.rows.get(id)?.key ?? id);
    return key.length <= LETTERS ? key : `…${key.slice(1 - LETTERS)}`;
  }

  // As large as is easily read: a small graph is not blown up, a large one begins at what was chosen.
  #fit(whole) {
    this.drawing.resize();
    this.drawing.fit(undefined, 24);
    if (this.drawing.zoom() > 1.1)
      this.drawing.zoom({
        level: 1.1,
        renderedPosition: { x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 2 },
      });
    const chosen = this.drawing.nodes(".chosen");
    if (!whole && this.drawing.zoom() < SMALLEST && chosen.nonempty())
      (this.drawing.zoom(0.8), this.drawing.center(chosen));
    else if (this.drawing.zoom() === 1.1) this.drawing.center();
  }

  #paint() {
    const style = getComputedStyle(document.documentElement);
    const [ink, pale, line, ground, accent, onAccent] = [
      "ink",
      "pale",
      "line-strong",
      "raised",
      "accent",
      "on-accent",
    ].map((name) => style.getPropertyValue(`--${name}`).trim());
    const arrow = {
      width: 1.2,
      "line-color": pale,
      "target-arrow-color": pale,
      "target-arrow-shape": "triangle",
      "arrow-scale": 0.7,
      "curve-style": "bezier",
      opacity: 0.75,
    };
    const node = {
      shape: "round-rectangle",
      width: "data(width)",
      height: "data(height)",
      "background-color": ground,
      "border-width": 1,
      "border-color": line,
    };
    const label = {
      label: "data(label)",
      color: ink,
      "font-size": 12,
      "font-family": "ui-monospace, monospace",
      "text-valign": "center",
    };
    this.drawing.style([
      { selector: "core", style: { "active-bg-opacity": 0 } },
      { selector: "node", style: { ...node, ...label, "overlay-opacity": 0 } },
      { selector: "node.at", style: { "border-width": 2, "border-color": accent } },
      { selector: "node.chosen", style: { "background-color": accent, "border-color": accent, color: onAccent } },
      { selector: "edge", style: { ...arrow, "overlay-opacity": 0 } },
      { selector: "edge.later", style: { "line-style": "dotted" } },
      { selector: "edge.alias", style: { "line-style": "dashed" } },
      { selector: "edge.near", style: { "line-color": accent, "target-arrow-color": accent, opacity: 1 } },
    ]);
    this.#at(this.drawing.nodes(".at").nonempty() ? this.drawing.nodes(".at") : this.drawing.nodes(".chosen"));
  }

  #deepen() {
    this.#depth = Number(this.depths.value);
    this.renew();
  }

  #toggleAll() {
    this.#all = !this.#all;
    this.whole.setAttribute("aria-pressed", String(this.#all));
    this.renew();
  }

  #choose(id) {
    const row = this.model.rows.get(id);
    if (row === undefined) return;
    this.select(row);
    if (this.#all) this.#at(this.drawing.getElementById(id));
    else this.show(id);
  }

  #at(node) {
    this.drawing.elements().removeClass("at near");
    node.addClass("at").connectedEdges().addClass("near");
  }

  // Arrow keys go to the nearest binding in their direction.
  #key(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const at = this.drawing.nodes(".at");
    if (event.key in ways) this.#go(at.nonempty() ? at : this.drawing.nodes().first(), ways[event.key]);
    else if (["Enter", " "].includes(event.key) && at.nonempty()) this.#choose(at.id());
    else if (event.key === "+" || event.key === "-") this.#zoom(event.key === "+" ? 1.25 : 0.8);
    else return;
    event.preventDefault();
  }

  #go(from, [x, y]) {
    if (from.empty()) return;
    const here = from.position();
    const far = (node) => {
      const [along, aside] = [
        (node.position("x") - here.x) * x + (node.position("y") - here.y) * y,
        (node.position("x") - here.x) * y + (node.position("y") - here.y) * x,
      ];
      return along <= 1 ? Infinity : along + 2 * Math.abs(aside);
    };
    const next = this.drawing.nodes().min(far);
    if (next.value === Infinity) return;
    this.#at(next.ele);
    this.said.textContent = readable(this.model.rows.get(next.ele.id())?.key ?? "");
    const box = next.ele.renderedBoundingBox();
    const isSeen = box.x1 > 0 && box.y1 > 0 && box.x2 < this.canvas.clientWidth && box.y2 < this.canvas.clientHeight;
    if (!isSeen) this.drawing.center(next.ele);
  }

  #zoom(factor) {
    const middle = { x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 2 };
    this.drawing.zoom({ level: this.drawing.zoom() * factor, renderedPosition: middle });
  }
}
