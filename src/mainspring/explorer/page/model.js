// What the server tells, and what of it is to be seen. Nothing here touches the page.

import { readable, shownTag } from "./dom.js";

const AGAIN = 5000; // milliseconds until a server that refused is asked again

export const idOf = (context, key) => `${context} ${key}`;

export class Model extends EventTarget {
  name = "";
  contexts = [];
  rows = new Map();
  ready = false;
  query = "";
  scope = "";
  kind = "";
  collapsed = new Set();
  #staged = null; // what comes after a new connection, until all of it is there
  #sorted = null;
  #edges = null;
  #source = null;
  #again = 0;

  // The stream

  connect() {
    this.disconnect();
    const source = (this.#source = new EventSource("data/changes"));
    const on = (name, listener) => source.addEventListener(name, (event) => listener(JSON.parse(event.data)));
    on("begin", (head) => this.#begin(head));
    on("contexts", (contexts) => this.#contexts(contexts));
    on("rows", (rows) => this.#put(rows));
    on("gone", (keys) => this.#drop(keys));
    on("ready", () => this.#ready());
    source.onerror = () => this.#lost(source);
  }

  disconnect() {
    clearTimeout(this.#again);
    this.#source?.close();
  }

  // A lost connection comes back by itself; after an answer that is no stream, somebody has to ask again.
  #lost(source) {
    const isOver = source.readyState === EventSource.CLOSED;
    if (isOver) this.#again = setTimeout(() => this.connect(), AGAIN);
    this.#tell("state", isOver ? "closed" : "waiting");
  }

  #begin(head) {
    Object.assign(this, head);
    this.ready = false;
    this.#staged = { rows: new Map(), contexts: [] };
    if (this.rows.size === 0) Object.assign(this, this.#staged);
    this.#tell("state", "reading");
  }

  #contexts(contexts) {
    if (this.#staged) this.#staged.contexts = contexts;
    if (!this.#staged || this.#isShown()) this.#change(() => (this.contexts = contexts));
  }

  #put(rows) {
    const fresh = this.ready ? performance.now() : 0;
    const into = this.#staged?.rows ?? this.rows;
    const change = () => {
      for (const row of rows) into.set(idOf(row[0], row[1]), read(row, fresh));
    };
    if (into === this.rows) this.#change(change);
    else change();
  }

  #drop(keys) {
    this.#change(() => keys.forEach(([context, key]) => this.rows.delete(idOf(context, key))));
  }

  #ready() {
    const staged = this.#staged;
    this.#staged = null;
    this.ready = true;
    if (staged) this.#change(() => Object.assign(this, staged));
    this.#tell("state", "live");
  }

  #isShown() {
    return this.#staged.rows === this.rows;
  }

  #change(change) {
    change();
    this.#sorted = null;
    this.#edges = null;
    this.#tell("change");
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // Who injects what: asked for when somebody wants to know, and again after a change

  edges() {
    this.#edges ??= ask("data/edges").then(({ bindings, edges }) => {
      const ids = bindings.map(([context, key]) => idOf(context, key));
      const found = { from: new Map(), to: new Map(), count: edges.length };
      for (const [tail, head, kind, label] of edges) {
        const edge = { from: ids[tail], to: ids[head], kind, label };
        push(found.from, edge.from, edge);
        push(found.to, edge.to, edge);
      }
      return found;
    });
    this.#edges.catch(() => (this.#edges = null));
    return this.#edges;
  }

  details(row) {
    return ask(`data/binding?of=${row.context}&key=${encodeURIComponent(row.key)}`);
  }

  // What is to be seen

  context(id) {
    return this.contexts.find((context) => context.id === id);
  }

  get words() {
    return this.query.toLowerCase().split(/\s+/).filter(Boolean);
  }

  get isFiltered() {
    return Boolean(this.words.length || this.scope || this.kind);
  }

  // The rows of the list, top down: a line for each context, below it its bindings, then the contexts below it.
  visible() {
    const [byContext, found] = [this.#byContext(), []];
    const words = this.words;
    const matches = (row) =>
      (!this.scope || row.scope === this.scope) &&
      (!this.kind || row.kind === this.kind) &&
      words.every((word) => this.#haystack(row).includes(word));
    const add = (context, level) => {
      const all = byContext.get(context.id) ?? [];
      const rows = this.isFiltered ? all.filter(matches) : all;
      const below = this.contexts.filter((other) => other.parent === context.id);
      const open = this.isFiltered || !this.collapsed.has(context.id);
      const line = { id: idOf(context.id, ""), isContext: true, context: context.id, level, open, of: context };
      found.push(Object.assign(line, { count: rows.length }));
      const start = found.length;
      if (open) {
        for (const row of rows) found.push(Object.assign(row, { level: level + 1 }));
        for (const each of below) add(each, level + 1);
      }
      if (this.isFiltered && found.length === start) found.pop();
    };
    this.contexts.filter((each) => this.context(each.parent) === undefined).forEach((each) => add(each, 1));
    return found;
  }

  #byContext() {
    if (this.#sorted === null) {
      this.#sorted = new Map();
      for (const row of this.rows.values()) push(this.#sorted, row.context, row);
      for (const rows of this.#sorted.values()) rows.sort((a, b) => (a.key < b.key ? -1 : 1));
    }
    return this.#sorted;
  }

  #haystack(row) {
    row.haystack ??= [row.key, readable(row.key), row.kind, row.scope, row.source, row.place, ...row.tags.map(shownTag)]
      .join("\n")
      .toLowerCase();
    return row.haystack;
  }
}

function read([context, key, kind, scope, tags, source, place, locked], fresh) {
  const id = idOf(context, key);
  return { id, context, key, kind, scope, tags: Object.entries(tags), source, place, locked, fresh };
}

function push(map, key, item) {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}

async function ask(address) {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`The server said ${answer.status}.`);
  return answer.json();
}
