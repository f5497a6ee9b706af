// Elements by call. Text becomes text nodes and nothing else, whatever stands in it.

export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// A key as it is read: in those of routes paths are encoded.
export function readable(key) {
  if (!key.startsWith("routes.")) return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // a route somebody named by hand
  }
}

// A key with its last part set off: `services.` is pale, `Clock` is not.
export function keyed(key) {
  const text = readable(key);
  const end =
    text === key
      ? Math.max(key.lastIndexOf(".", key.length - 2), key.lastIndexOf(":", key.length - 2))
      : text.indexOf(".");
  return [...(end < 0 ? [] : [h("i", {}, text.slice(0, end + 1)), h("wbr")]), h("b", {}, text.slice(end + 1))];
}

// The name of a context; of one that was made up only so much that two can be told apart.
export function named({ name }) {
  const [, given, made] = /^(.+)-([0-9a-f]{32})$/.exec(name) ?? [null, name, ""];
  return { given, made: made && `-${made.slice(0, 4)}` };
}

// A path of which the file and its line are always seen, and the folders as far as there is room.
export function placed(place, words = []) {
  const cut = place.search(/[^/\\]*$/);
  return [h("i", {}, marked(place.slice(0, cut), words)), h("span", {}, marked(place.slice(cut), words))];
}

// A text with what was searched for marked.
export function marked(text, words) {
  const low = text.toLowerCase();
  const spans = words
    .map((word) => [low.indexOf(word), word.length])
    .filter(([start]) => start >= 0)
    .sort((a, b) => a[0] - b[0]);
  const parts = [];
  let end = 0;
  for (const [start, length] of spans) {
    if (start < end) continue;
    parts.push(text.slice(end, start), h("mark", {}, text.slice(start, start + length)));
    end = start + length;
  }
  return [...parts, text.slice(end)];
}

export const shownTag = ([name, value]) =>
  value === name ? name : `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`;
