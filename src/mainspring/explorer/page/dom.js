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

// A key with its last part set off: `services.` is pale, `Clock` is not.
export function keyed(key) {
  const cut = Math.max(key.lastIndexOf(".", key.length - 2), key.lastIndexOf(":", key.length - 2)) + 1;
  return cut === 0 ? [h("b", {}, key)] : [h("i", {}, key.slice(0, cut)), h("b", {}, key.slice(cut))];
}

// A path of which the file and its line are always seen, and the folders as far as there is room.
export function placed(place) {
  const cut = place.search(/[^/\\]*$/);
  return [h("i", {}, place.slice(0, cut)), h("span", {}, place.slice(cut))];
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
