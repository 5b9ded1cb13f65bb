// The channels of a recording that carry different voices, of which one at a time is shown over time.
import { make, mark } from "./dom.js";
import { NAMES, percent } from "./words.js";

/** A button for each channel of `item`; `show()` is called when another one is to be shown. */
export function channelsPart(item, show) {
  const { channels } = item.result, { number: shown } = channelOf(item);
  return make("div", { class: "channels", role: "group", "aria-label": "Channels; the pressed one is shown below" },
    ...channels.map(({ number, verdict, p_ai: p, reason }) => make("button", {
      type: "button", class: "quiet", "aria-pressed": String(number === shown), title: reason,
      onclick: () => { item.channel = number; show(); },
    }, mark(verdict), `Channel ${number}: ${NAMES[verdict]}${p === null ? "" : `, ${percent(p)} AI`}`)));
}

/** The result whose windows and parts are shown over time: that of one channel where there are several. */
export const shownOf = (item) => (item.result.channels?.length ? { ...item.result, ...channelOf(item) } : item.result);

/** The channel that was chosen, or the one that speaks most for AI. */
function channelOf({ channel, result: { channels } }) {
  const telling = [...channels].sort((a, b) => (a.llr ?? Infinity) - (b.llr ?? Infinity))[0];
  return channels.find(({ number }) => number === channel) || telling;
}
