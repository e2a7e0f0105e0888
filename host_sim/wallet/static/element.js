// Makes elements of the page: text only ever becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = Object.freeze({
  sound: ["M3 10v4M7 6.5v11M11 3.5v17M15 7.5v9M19 10v4"],
  scan: ["M3.5 8V3.5H8M16 3.5h4.5V8M20.5 16v4.5H16M8 20.5H3.5V16", "M7.5 8v8M11 8v8M13.5 8v8M16.5 8v8"],
  type: ["M3 6h18v12H3z", "M7 10h.01M12 10h.01M17 10h.01M8 14h8"],
  coupon: ["M3 7.5h18v3a2 2 0 000 3.6v2.4H3v-2.4a2 2 0 000-3.6z", "M14.5 7.5v9"],
  list: ["M8.5 6H20M8.5 12H20M8.5 18H20M4 6h.01M4 12h.01M4 18h.01"],
  accepted: ["M12 2.4a9.6 9.6 0 100 19.2 9.6 9.6 0 000-19.2z", "M7.6 12.4l3.2 3.2 5.8-6.6"],
  declined: ["M8.2 2.6h7.6l5.6 5.6v7.6l-5.6 5.6H8.2l-5.6-5.6V8.2z", "M8.6 8.6l6.8 6.8M15.4 8.6l-6.8 6.8"],
  warning: ["M12 3.5L22 20.5H2z", "M12 10v5M12 17.6v.4"],
  named: ["M12 2.6l8 3v6c0 4.8-3.3 8.2-8 9.8-4.7-1.6-8-5-8-9.8v-6z", "M8.2 11.8l2.7 2.7 4.9-5.3"],
  flask: ["M9.5 3.5h5M10.5 3.5V10L5 19.5a.8.8 0 00.7 1.2h12.6a.8.8 0 00.7-1.2L13.5 10V3.5M7.5 16h9"],
  shake: ["M8.5 4.5h7v15h-7z", "M5 8.5v7M2 10.5v3M19 8.5v7M22 10.5v3"],
  clock: ["M12 3a9 9 0 100 18 9 9 0 000-18z", "M12 7v5.2l3.4 2"],
  tabs: ["M3.5 8.5h13v12h-13z", "M7.5 8.5v-5h13v12h-4"],
  back: ["M14.5 5.5L8 12l6.5 6.5"],
});

/**
 * An element: `properties` are set as properties (`onclick`, `disabled`, `value`), those with a
 * hyphen and `role`, `for`, `list` as attributes; null and false children are left out.
 */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === false) continue;
    if (key.includes("-") || ["role", "for", "lang", "dir"].includes(key)) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.flat().filter((child) => child !== null && child !== false));
  return made;
}

/** A drawing that stands beside words, never alone. */
export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "2",
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", class: "icon",
  };
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const line of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    made.append(path);
  }
  return made;
}

/** An amount with small letters: CNY 12.50. */
export function money({ letters, digits }) {
  return h("span.money", {}, h("span.letters", {}, letters), ` ${digits}`);
}
