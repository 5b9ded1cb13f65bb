// The page's elements: found, made, and told what to say.

export const $ = (id) => document.getElementById(id);

/** An element with attributes and children; text stays text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

export const mark = (kind) =>
  make("i", { class: `mark ${kind === "cannot tell" ? "unsure" : kind}`, "aria-hidden": "true" });

export const busy = () => make("i", { class: "busy", "aria-hidden": "true" });

/** To those who cannot see the page. */
export function say(text) {
  $("said").textContent = text;
}

/** To everyone; nothing takes the last complaint away. */
export function complain(text) {
  $("message").textContent = text;
  $("message").className = "message bad";
  $("message").hidden = !text;
}
