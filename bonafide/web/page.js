// The page: takes recordings, asks the service that served it, shows what it says. Talks to nobody else.
import { drawChance, drawSpectrum, drawWave } from "./plots.js";
import { record } from "./recorder.js";
import { RATE, decode } from "./sound.js";

const WORDS = {
  human: "Sounds like a person", ai: "Sounds like a machine", mixed: "Partly a machine", "cannot tell": "Cannot tell",
};
const SHORT = { human: "person", ai: "machine", mixed: "partly a machine", "cannot tell": "cannot tell" };
const AT_A_TIME = 2; // requests
const MOST_SECONDS = 300; // of a recording from the microphone
const MOST_PARTS = 400; // buttons in a timeline
const LICENSE = "all rights reserved; for training detectors of machine-made speech";

const $ = (id) => document.getElementById(id);
const items = [];
let chosen = null, running = 0, model = null, collects = false, token = sessionStorage.getItem("token") || "";
let audio = new Audio(), stopRecording = null, recorded = 0, redraw = () => {};

/** An element with attributes and children; text stays text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

const clock = (seconds) => {
  const whole = Math.floor(seconds), rest = String(whole % 60).padStart(2, "0"), hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
};
const spoken = (seconds) => (seconds < 60 ? `${seconds.toFixed(1)} s` : clock(seconds));
const percent = (p) => (p > 0.99 ? "> 99 %" : p < 0.01 ? "< 1 %" : `${Math.round(100 * p)} %`);
const ofHundred = (p) => Math.min(99, Math.max(1, Math.round(100 * p)));
const mark = (kind) => make("i", { class: `mark ${kind === "cannot tell" ? "unsure" : kind}`, "aria-hidden": "true" });
const say = (sentence) => { $("said").textContent = sentence; };

function complain(sentence) {
  $("message").textContent = sentence;
  $("message").className = "message bad";
  $("message").hidden = !sentence;
}

async function ask(path, options = {}) {
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(path, { ...options, headers });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (answer.status === 401) askToken();
  const error = new Error(said.error?.message || `the service answers ${answer.status}`);
  throw Object.assign(error, { status: answer.status, wait: Number(answer.headers.get("Retry-After")) || 1 });
}

function askToken() {
  $("token-form").hidden = false;
  $("token").focus();
}

async function start() {
  document.querySelectorAll(".here").forEach((place) => { place.textContent = location.origin; });
  try {
    const health = await ask("/v1/health");
    collects = health.collects;
    if (collects) $("kept").textContent = "kept only if you give it";
    if (health.token_needed && !token) askToken();
    else await learn();
  } catch (error) {
    complain(`The service does not answer: ${error.message}`);
  }
}

async function learn() {
  model = await ask("/v1/model");
  const { max_bytes: bytes, max_seconds: seconds } = model.limits;
  const length = seconds >= 120 ? `${Math.floor(seconds / 60)} minutes` : `${seconds} s`;
  $("limits").textContent =
    `WAV, FLAC, MP3, Ogg, Opus and more; from one second of speech to ${length}, up to ${Math.floor(bytes / 2 ** 20)} MB`;
  for (const option of [...$("threshold").options]) option.hidden = option.disabled = !(option.value in model.thresholds);
  const { card } = model, rows = { network: card.network && `${card.network}, ${card.parameters} parameters` };
  rows["trained on"] = card.clips && Object.entries(card.clips).map(([label, n]) => `${n} ${label} clips`).join(", ");
  for (const name of ["languages", "generators", "sources"]) rows[name] = card[name]?.join(", ");
  const [low, high] = model.cannot_tell.balanced;
  rows["cannot tell"] = `probabilities between ${percent(low)} and ${percent(high)}, chosen on recordings it was not trained on`;
  $("card").replaceChildren();
  for (const [name, text] of Object.entries(rows)) if (text) $("card").append(make("dt", {}, name), make("dd", {}, text));
}

function add(blob, name, fromMicrophone = false) {
  const most = model?.limits.max_bytes;
  const item = { blob, name, fromMicrophone, url: URL.createObjectURL(blob), state: "waiting" };
  if (most && blob.size > most) Object.assign(item, { state: "error", error: `a request may hold ${Math.floor(most / 2 ** 20)} MB at most` });
  items.push(item);
  $("results").hidden = false;
  $("drop").classList.add("slim");
  if (items.length === 1 || fromMicrophone) choose(item);
  next();
}

function next() {
  const item = items.find(({ state }) => state === "waiting");
  if (item && running < AT_A_TIME) {
    running += 1;
    judge(item).finally(() => { running -= 1; next(); });
    next();
  }
  showTable();
}

async function judge(item) {
  item.state = "listening";
  update(item);
  const query = new URLSearchParams({ threshold: (item.threshold = $("threshold").value) });
  try {
    item.result = await patiently(`/v1/detect?${query}`, item.blob);
    item.state = "done";
    say(`${item.name}: ${WORDS[item.result.verdict]}. ${item.result.reason}`);
  } catch (error) {
    Object.assign(item, { state: "error", error: error.message });
    say(`${item.name}: ${error.message}`);
  }
  update(item);
}

/** Posts a recording, coming back when the service is busy. */
async function patiently(path, blob) {
  for (let tries = 0; ; tries++) {
    try {
      const kind = /^(audio|video)\//.test(blob.type) ? blob.type : "application/octet-stream";
      return await ask(path, { method: "POST", body: blob, headers: { "Content-Type": kind } });
    } catch (error) {
      if (error.status !== 429 || tries === 20) throw error;
      await new Promise((done) => setTimeout(done, 1000 * error.wait));
    }
  }
}

function update(item) {
  showTable();
  if (item === chosen) showDetail();
}

function choose(item) {
  chosen = item;
  audio.pause();
  audio = new Audio(item.url);
  showTable();
  showDetail();
}

function showTable() {
  $("several").hidden = items.length < 2;
  const focused = document.activeElement?.dataset?.row;
  $("table").tBodies[0].replaceChildren(...items.map((item, row) => make(
    "tr", { class: item === chosen && "chosen", onclick: () => choose(item) },
    make("td", {}, make("button", { type: "button", class: "pick", "data-row": row, "aria-current": item === chosen && "true" }, item.name)),
    make("td", {}, ...verdictCell(item)),
    make("td", { class: "number" }, item.result?.p_ai != null ? percent(item.result.p_ai) : ""),
    make("td", { class: "number wide" }, item.result?.seconds ? spoken(item.result.seconds) : ""),
  )));
  if (focused) document.querySelector(`[data-row="${focused}"]`)?.focus();
}

function verdictCell({ state, result, error }) {
  if (state === "error") return [mark("error"), "refused", make("span", { class: "note" }, error)];
  if (state !== "done") return [make("i", { class: "busy", "aria-hidden": "true" }), state === "waiting" ? "waiting" : "listening"];
  const reason = result.reason && make("span", { class: "note" }, result.reason);
  return [mark(result.verdict), SHORT[result.verdict], reason || ""];
}

function showDetail() {
  redraw = () => {};
  const { state, name, error, result } = chosen;
  const file = make("p", { class: "file" }, name);
  if (state === "error") {
    $("detail").replaceChildren(make("div", { class: "card" }, make("div", { class: "verdict error" }, file,
      make("p", { class: "word" }, mark("error"), "Not judged"), make("p", { class: "sure" }, sentence(error)))));
  } else if (state !== "done") {
    $("detail").replaceChildren(make("div", { class: "card" }, make("div", { class: "verdict" }, file,
      make("p", { class: "word" }, make("i", { class: "busy", "aria-hidden": "true" }), state === "waiting" ? "Waiting" : "Listening"))));
  } else {
    const card = make("div", { class: "card" }, verdictPart(chosen, file));
    $("detail").replaceChildren(card);
    if (result.seconds > 0) card.append(lookPart(chosen));
    if (collects && chosen.fromMicrophone) card.append(keepPart(chosen));
    redraw();
  }
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

function verdictPart({ result, threshold }, file) {
  const { verdict, reason, p_ai: p, llr, seconds, speech_seconds: speech, windows } = result;
  const likely = verdict === "mixed" ? "likely a machine, over the whole" : "likely a machine"; // a chance, not a share
  const part = make("div", { class: `verdict ${verdict}` }, make("div", { class: "top" },
    make("div", {}, file, make("p", { class: "word" }, mark(verdict), WORDS[verdict])),
    p !== null && make("p", { class: "share" }, make("b", {}, percent(p)), make("span", {}, likely))));
  if (reason) part.append(make("p", { class: "sure" }, sentence(reason)));
  if (p !== null) {
    part.append(make("p", { class: "sure" }, sureness(verdict, p)), gauge(p, windows, bandOf(threshold)));
    part.append(make("dl", { class: "figures" },
      figure("length", spoken(seconds)), figure("of it speech", spoken(speech)),
      figure("log likelihood ratio", llr.toFixed(2).replace("-", "\u2212")), figure("windows", String(windows.length))));
  }
  return part;
}

const figure = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
const bandOf = (threshold) => model?.cannot_tell[threshold] || [0.5, 0.5];

function sureness(verdict, p) {
  const machine = p >= 0.5, n = ofHundred(machine ? p : 1 - p);
  const words = n >= 95 ? "Very sure" : n >= 80 ? "Fairly sure" : "Not sure";
  const odds = `of 100 recordings with such a score, ${n} are ${machine ? "machine-made" : "of people"} where both are equally common.`;
  if (verdict === "mixed") return `Over the whole: ${odds}`;
  return verdict === "cannot tell" ? sentence(odds) : `${words}: ${odds}`;
}

function gauge(p, windows, band) {
  const parts = windows.map((each) => each.p_ai).sort((a, b) => a - b);
  const low = parts[Math.floor(0.1 * (parts.length - 1))] ?? p, high = parts[Math.ceil(0.9 * (parts.length - 1))] ?? p;
  const place = (element, from, to) => Object.assign(element.style, { left: `${100 * from}%`, width: `${100 * (to - from)}%` });
  const hatched = make("i", { class: "band" }), spread = make("i", { class: "spread" }), needle = make("i", { class: "needle" });
  place(hatched, ...band);
  place(spread, Math.min(low, p), Math.max(high, p));
  needle.style.left = `${100 * p}%`;
  hatched.hidden = band[1] - band[0] < 0.005;
  const varied = parts.length > 1 ? `, its parts from ${percent(low)} to ${percent(high)}` : "";
  const text = `Probability that the voice is machine-made: ${percent(p)}${varied}; no call between ${percent(band[0])} and ${percent(band[1])}`;
  return make("div", { class: "gauge" }, make("div", { class: "track", role: "img", "aria-label": text }, hatched, spread, needle),
    make("div", { class: "ends" }, make("span", {}, "person"), make("span", {},
      [hatched.hidden ? "" : "hatched: cannot tell", parts.length > 1 ? `bar: its parts, ${percent(low)} to ${percent(high)}` : ""].filter(Boolean).join(" · ")),
    make("span", {}, "machine")));
}

/** What can be seen and heard: player, pictures over one time axis, timeline. */
function lookPart(item) {
  const { result } = item, { seconds, windows, segments } = result, band = bandOf(item.threshold);
  const play = make("button", { type: "button", class: "play primary", onclick: toggle }, "Play");
  const time = make("output", { class: "time", "aria-live": "off" }, `0:00 / ${clock(seconds)}`);
  const why = make("button", { type: "button", class: "quiet", "aria-pressed": String(Boolean(item.shown)), onclick: showEvidence }, "Show evidence");
  const get = make("button", { type: "button", class: "quiet", id: "download", onclick: () => download(item.name, [item]) }, "Download JSON");
  const wave = make("canvas", { class: "wave" }), spectrum = make("canvas", { class: "spectrum" }), chance = make("canvas", { class: "chance" });
  const head = make("div", { class: "head", hidden: true });
  const captions = make("span", { class: "spoke" });
  const stack = make("div", { class: "stack", id: "plots", role: "slider", tabindex: 0, "aria-label": "Place in the recording",
    "aria-valuemin": 0, "aria-valuemax": seconds.toFixed(1), "aria-valuenow": 0, onkeydown: keys,
    onclick: (event) => { const box = stack.getBoundingClientRect(); jump(((event.clientX - box.left) / box.width) * seconds, true); } },
    make("figure", {}, make("figcaption", {}, "Waveform"), wave),
    make("figure", {}, make("figcaption", {}, make("span", {}, "Spectrogram"), captions), spectrum),
    windows.length > 0 && make("figure", {}, make("figcaption", {}, make("span", {}, "Probability of a machine over time"), make("span", {}, "grey band: cannot tell")), chance),
    head);
  const note = make("p", { class: "note", hidden: true }, "This browser cannot draw or play this file; the service has read it.");
  const bar = timeline(segments, seconds);
  let samples = item.samples;

  function toggle() { if (audio.paused) audio.play().catch(() => { note.hidden = false; }); else audio.pause(); }
  function jump(to, andPlay) {
    const at = Math.max(0, Math.min(seconds, to));
    audio.currentTime = at;
    moved(at);
    if (andPlay) audio.play().catch(() => { note.hidden = false; });
  }
  function keys(event) {
    const at = audio.currentTime, step = Math.max(1, seconds / 60);
    const to = { ArrowLeft: at - step, ArrowDown: at - step, ArrowRight: at + step, ArrowUp: at + step, Home: 0, End: seconds }[event.key];
    if (to !== undefined) jump(to, false);
    else if (event.key === " " || event.key === "Enter") toggle();
    else return;
    event.preventDefault();
  }
  function moved(at = audio.currentTime) {
    time.textContent = `${clock(at)} / ${clock(seconds)}`;
    head.hidden = false;
    head.style.left = `${(100 * Math.min(at, seconds)) / seconds}%`;
    const here = segments.find(({ start, stop }) => start <= at && at < stop);
    stack.setAttribute("aria-valuenow", at.toFixed(1));
    stack.setAttribute("aria-valuetext", `${clock(at)} of ${clock(seconds)}${here ? ", " + SHORT[here.verdict] : ""}`);
  }
  function tick() {
    moved();
    if (!audio.paused && item === chosen) requestAnimationFrame(tick);
  }
  async function showEvidence() {
    if (!item.evidence) {
      why.disabled = true;
      why.textContent = "Looking …";
      try {
        const query = new URLSearchParams({ threshold: item.threshold, evidence: true });
        item.evidence = (await patiently(`/v1/detect?${query}`, item.blob)).evidence;
      } catch (error) {
        complain(`What spoke for it cannot be shown: ${error.message}`);
      }
      why.disabled = false;
    }
    item.shown = Boolean(item.evidence) && !item.shown;
    redraw();
  }
  function draw() {
    why.textContent = item.shown ? "Hide evidence" : "Show evidence";
    why.setAttribute("aria-pressed", String(Boolean(item.shown)));
    const { start, stop } = item.evidence || {};
    const where = item.shown && stop - start < seconds - 0.5 ? ` (from ${clock(start)} to ${clock(stop)})` : "";
    captions.replaceChildren(...(item.shown ? [make("span", {}, mark("ai"), `spoke for a machine${where}`), make("span", {}, mark("human"), "for a person")] : []));
    drawWave(wave, samples, seconds);
    drawSpectrum(spectrum, samples, seconds, item.shown && item.evidence);
    if (windows.length) drawChance(chance, windows, seconds, band);
  }

  Object.assign(audio, { onplay: () => { play.textContent = "Pause"; tick(); }, onpause: () => { play.textContent = "Play"; }, ontimeupdate: () => moved(), onerror: () => { note.hidden = false; } });
  bar.addEventListener("click", ({ target }) => { if (target.dataset.start) jump(Number(target.dataset.start), true); });
  redraw = draw;
  if (samples === undefined) {
    decode(item.blob).then((found) => {
      samples = item.samples = found && found.length > RATE / 20 ? found : null;
      note.hidden = samples !== null;
      if (item === chosen) redraw();
    });
  }
  if (result.p_ai === null) why.hidden = true;
  return make("div", { class: "look" }, make("div", { class: "tools" }, play, time, why, get), stack, bar,
    make("div", { class: "ticks", "aria-hidden": "true" }, ...ticks(seconds)), note);
}

function timeline(segments, seconds) {
  const bar = make("div", { class: "segments", role: "group", "aria-label": "Parts; each plays from its start" });
  if (!segments.length) bar.hidden = true;
  for (const { start, stop, verdict } of segments.slice(0, MOST_PARTS)) {
    const text = `${clock(start)} to ${clock(stop)}: ${SHORT[verdict]}`;
    const wide = ((stop - start) / seconds) * 100;
    const button = make("button", { type: "button", class: verdict === "cannot tell" ? "unsure" : verdict, "data-start": start, title: text, "aria-label": `Play from ${text}` },
      wide > 14 ? SHORT[verdict] : "");
    Object.assign(button.style, { left: `${(100 * start) / seconds}%`, width: `${wide}%` });
    bar.append(button);
  }
  return bar;
}

function ticks(seconds) {
  const step = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600].find((each) => seconds / each <= 6) || 7200;
  const times = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step).filter((at) => at < seconds * 0.93);
  return [...times, seconds].map((at) => {
    const label = make("span", { class: at === seconds && "end" }, step < 1 && at < seconds ? `${at} s` : clock(at));
    label.style.left = `${(100 * at) / seconds}%`;
    return label;
  });
}

function keepPart(item) {
  const field = (name, label, rest = {}) => make("label", {}, label, make("input", { name, autocomplete: "off", ...rest }));
  const said = make("p", { class: "note", role: "status" }, item.kept || "");
  const gender = make("label", {}, "Gender, if you like", make("select", { name: "gender" },
    make("option", { value: "" }, "not said"), make("option", { value: "female" }, "female"), make("option", { value: "male" }, "male")));
  const form = make("form", { class: "keep", onsubmit: async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    data.append("file", item.blob, "recording.wav");
    try {
      await ask("/v1/collect", { method: "POST", body: data });
      said.textContent = item.kept = "Saved into the corpus. Thank you.";
      form.querySelectorAll("input, select, button").forEach((each) => { each.disabled = true; });
    } catch (error) {
      said.textContent = sentence(error.message);
    }
  } },
    make("h2", {}, "Give this recording to the corpus"),
    make("p", { class: "note" }, "Detectors learn from people who lend their voice. Nothing is kept unless you send it here."),
    make("div", { class: "fields" },
      field("speaker", "Speaker: the same name each time", { required: true, maxlength: 80 }),
      field("language", "Language: en, de, pt-br", { required: true, pattern: "[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value: navigator.language }),
      gender, field("license", "Licence", { value: LICENSE })),
    make("label", { class: "consent" }, make("input", { type: "checkbox", name: "consent", value: "yes", required: true }),
      "This is my voice, and I agree that the recording is kept and used to train detectors."),
    make("button", { class: "primary", disabled: Boolean(item.kept) }, "Keep it"), said);
  return form;
}

function download(name, some) {
  const content = some.map(({ name: file, threshold, result, error }) => ({ file, threshold, ...(error ? { error } : result) }));
  const text = JSON.stringify(some.length === 1 ? content[0] : content, null, 2);
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: url, download: `${name.replace(/\.\w+$/, "")}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

async function toggleRecording() {
  complain("");
  if (stopRecording) {
    const stop = stopRecording;
    stopRecording = null;
    const blob = await stop();
    $("recording").hidden = true;
    $("record").classList.remove("recording-now");
    $("record").lastElementChild.textContent = "Record";
    add(blob, `Recording ${++recorded}`, true);
    return;
  }
  try {
    $("record").disabled = true;
    const stop = await record((seconds, level) => {
      $("clock").textContent = clock(seconds);
      $("level").style.transform = `scaleX(${Math.min(1, 1 + Math.log10(level + 1e-6) / 3).toFixed(3)})`;
      if (seconds > MOST_SECONDS && stopRecording) toggleRecording();
    });
    audio.pause();
    stopRecording = stop;
    $("recording").hidden = false;
    $("record").classList.add("recording-now");
    $("record").lastElementChild.textContent = "Stop";
    say("Recording");
  } catch (error) {
    complain(error.message);
  } finally {
    $("record").disabled = false;
  }
}

function give(files) {
  complain("");
  for (const file of files) add(file, file.name || "recording");
}

$("choose").onclick = () => $("files").click();
$("files").onchange = ({ target }) => { give(target.files); target.value = ""; };
$("record").onclick = toggleRecording;
$("download-all").onclick = () => download("bonafide", items.filter(({ state }) => state === "done" || state === "error"));
$("threshold").onchange = () => {
  for (const item of items) if (item.state === "done") Object.assign(item, { state: "waiting", evidence: undefined, shown: false });
  if (chosen) showDetail();
  next();
};
$("token-form").onsubmit = async (event) => {
  event.preventDefault();
  token = $("token").value;
  try {
    await learn();
    sessionStorage.setItem("token", token);
    $("token-form").hidden = true;
    complain("");
  } catch (error) {
    complain(sentence(error.message));
  }
};
for (const kind of ["dragover", "dragenter"]) {
  document.addEventListener(kind, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
}
document.addEventListener("dragleave", ({ relatedTarget }) => { if (!relatedTarget) $("drop").classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  give(event.dataTransfer.files);
});
let resizing;
addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(() => redraw(), 120); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
start();
