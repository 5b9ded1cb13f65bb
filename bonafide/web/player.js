// Plays a recording along its pictures.
import { make } from "./dom.js";
import { NAMES, clock } from "./words.js";

const UNREADABLE = "This browser cannot draw or play this file; the service has read it.";

/** Controls of `audio`: a button, the time, the figures as a slider, and a note where nothing can be played. */
export class Player {
  constructor(audio, { seconds, segments }, figures) {
    Object.assign(this, { audio, seconds, segments });
    this.button = make("button", { type: "button", class: "play primary", onclick: () => this.toggle() }, "Play");
    this.time = make("output", { class: "time", "aria-live": "off" }, `0:00 / ${clock(seconds)}`);
    this.head = make("div", { class: "head", hidden: true });
    this.note = make("p", { class: "note", hidden: true }, UNREADABLE);
    this.stack = make("div", {
      class: "stack", id: "plots", role: "slider", tabindex: 0, "aria-label": "Place in the recording",
      "aria-valuemin": 0, "aria-valuemax": seconds.toFixed(1), "aria-valuenow": 0,
      onkeydown: (event) => this.key(event), onclick: (event) => this.click(event),
    }, ...figures, this.head);
    Object.assign(audio, {
      onplay: () => { this.button.textContent = "Pause"; this.tick(); },
      onpause: () => { this.button.textContent = "Play"; },
      ontimeupdate: () => this.show(),
      onerror: () => { this.note.hidden = false; },
    });
  }

  start() {
    this.audio.play().catch(() => { this.note.hidden = false; });
  }

  toggle() {
    if (this.audio.paused) this.start();
    else this.audio.pause();
  }

  go(to) {
    const at = Math.max(0, Math.min(this.seconds, to));
    this.audio.currentTime = at;
    this.show(at);
  }

  /** Goes to a place and plays from there. */
  jump(to) {
    this.go(to);
    this.start();
  }

  click(event) {
    const box = this.stack.getBoundingClientRect();
    this.jump(((event.clientX - box.left) / box.width) * this.seconds);
  }

  key(event) {
    const at = this.audio.currentTime, step = Math.max(1, this.seconds / 60);
    const to = {
      ArrowLeft: at - step, ArrowDown: at - step, ArrowRight: at + step, ArrowUp: at + step, Home: 0, End: this.seconds,
    }[event.key];
    if (to !== undefined) this.go(to);
    else if (event.key === " " || event.key === "Enter") this.toggle();
    else return;
    event.preventDefault();
  }

  show(at = this.audio.currentTime) {
    const here = this.segments.find(({ start, stop }) => start <= at && at < stop);
    this.time.textContent = `${clock(at)} / ${clock(this.seconds)}`;
    this.head.hidden = false;
    this.head.style.left = `${(100 * Math.min(at, this.seconds)) / this.seconds}%`;
    this.stack.setAttribute("aria-valuenow", at.toFixed(1));
    const name = here ? `, ${NAMES[here.verdict]}` : "";
    this.stack.setAttribute("aria-valuetext", `${clock(at)} of ${clock(this.seconds)}${name}`);
  }

  tick() {
    this.show();
    if (!this.audio.paused) requestAnimationFrame(() => this.tick());
  }
}
