// The button that records.
import { $, complain, say } from "./dom.js";
import { record } from "./recorder.js";
import { clock } from "./words.js";

const MOST_SECONDS = 300;

/** What starts and stops a recording; `ready(blob)` gets each that is done, `begun()` is called when one starts. */
export function recordingSwitch(begun, ready) {
  let stop = null;

  async function end() {
    const stopping = stop;
    stop = null;
    const blob = await stopping();
    show(false);
    ready(blob);
  }
  async function begin() {
    $("record").disabled = true;
    try {
      stop = await record((seconds, level) => {
        $("clock").textContent = clock(seconds);
        $("level").style.transform = `scaleX(${Math.min(1, 1 + Math.log10(level + 1e-6) / 3).toFixed(3)})`;
        if (seconds > MOST_SECONDS && stop) end();
      });
      begun();
      show(true);
      say("Recording");
    } catch (error) {
      complain(error.message);
    } finally {
      $("record").disabled = false;
    }
  }
  return () => {
    complain("");
    return stop ? end() : begin();
  };
}

function show(recording) {
  $("recording").hidden = !recording;
  $("record").classList.toggle("recording-now", recording);
  $("record").lastElementChild.textContent = recording ? "Stop" : "Record";
}
