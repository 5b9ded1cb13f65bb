// Results as a file of JSON.
import { make } from "./dom.js";

export function download(name, items) {
  const content = items.map(({ name: file, threshold, result, error }) => ({ file, threshold, ...(error ? { error } : result) }));
  const text = JSON.stringify(items.length === 1 ? content[0] : content, null, 2);
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: url, download: `${name.replace(/\.\w+$/, "")}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
