// The table of several recordings.
import { $, busy, make, mark } from "./dom.js";
import { NAMES, duration, percent } from "./words.js";

/** Shows `items`; `choose(item)` is called with the one that is pressed. */
export function showTable(items, chosen, choose) {
  $("several").hidden = items.length < 2;
  const focused = document.activeElement?.dataset?.row;
  $("table").tBodies[0].replaceChildren(...items.map((item, row) => make(
    "tr", { class: item === chosen && "chosen", onclick: () => choose(item) },
    make("td", {}, make("button", { type: "button", class: "pick", "data-row": row, "aria-current": item === chosen && "true" }, item.name)),
    make("td", {}, ...verdictCell(item)),
    make("td", { class: "number" }, item.result?.p_ai != null ? percent(item.result.p_ai) : ""),
    make("td", { class: "number wide" }, item.result?.seconds ? duration(item.result.seconds) : ""),
  )));
  if (focused) document.querySelector(`[data-row="${focused}"]`)?.focus();
}

function verdictCell({ state, result, error }) {
  if (state === "error") return [mark("error"), "refused", make("span", { class: "note" }, error)];
  if (state !== "done") return [busy(), state === "waiting" ? "waiting" : "listening"];
  const text = [result.reason, result.note].filter(Boolean).join("; ");
  const reason = text && make("span", { class: "note" }, text);
  return [mark(result.verdict), NAMES[result.verdict], reason || ""];
}
