// The page: takes recordings, asks the service that served it, shows what it says.
import { about, megabytes } from "./about.js";
import { $, busy, complain, make, mark, say } from "./dom.js";
import { download } from "./download.js";
import { keepPart } from "./keep.js";
import { lookPart } from "./look.js";
import { recordingSwitch } from "./microphone.js";
import { ask, askToken, detect, hasToken, keepToken, rejudge, useToken } from "./service.js";
import { channelsPart, shownOf } from "./channels.js";
import { showTable } from "./table.js";
import { verdictPart } from "./verdict.js";
import { TITLES, sentence } from "./words.js";

const AT_A_TIME = 2; // requests

const items = [];
let chosen = null, running = 0, model = null, collects = false;
let audio = new Audio(), recorded = 0, redraw = () => {};

async function start() {
  document.querySelectorAll(".here").forEach((place) => { place.textContent = location.origin; });
  try {
    const health = await ask("/v1/health");
    collects = health.collects;
    if (collects) $("kept").textContent = "kept only if you give it";
    if (health.token_needed && !hasToken()) askToken();
    else await learn();
  } catch (error) {
    complain(`The service does not answer: ${error.message}`);
  }
}

async function learn() {
  model = await ask("/v1/model");
  about(model);
}

function add(blob, name, fromMicrophone = false) {
  const most = model?.limits.max_bytes;
  const item = { blob, name, fromMicrophone, url: URL.createObjectURL(blob), state: "waiting" };
  if (most && blob.size > most) Object.assign(item, { state: "error", error: `a request may hold ${megabytes(most)} MB at most` });
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
  showTable(items, chosen, choose);
}

async function judge(item) {
  item.state = "listening";
  update(item);
  item.threshold = $("threshold").value;
  try {
    item.result = await detect(item.blob, { threshold: item.threshold });
    item.state = "done";
    say(`${item.name}: ${TITLES[item.result.verdict]}. ${item.result.reason}`);
  } catch (error) {
    Object.assign(item, { state: "error", error: error.message });
    say(`${item.name}: ${error.message}`);
  }
  update(item);
}

function update(item) {
  showTable(items, chosen, choose);
  if (item === chosen) showDetail();
}

function choose(item) {
  chosen = item;
  audio.pause();
  audio = new Audio(item.url);
  showTable(items, chosen, choose);
  showDetail();
}

function showDetail() {
  redraw = () => {};
  const { state, name, error, result, threshold } = chosen;
  const file = make("p", { class: "file" }, name), card = make("div", { class: "card" });
  $("detail").replaceChildren(card);
  if (state === "error") {
    card.append(make("div", { class: "verdict error" }, file,
      make("p", { class: "word" }, mark("error"), "Not judged"), make("p", { class: "sure" }, sentence(error))));
  } else if (state !== "done") {
    card.append(make("div", { class: "verdict" }, file,
      make("p", { class: "word" }, busy(), state === "waiting" ? "Waiting" : "Listening")));
  } else {
    const band = model?.cannot_tell[threshold] || [0.5, 0.5];
    card.append(verdictPart(result, band, file));
    if (result.channels?.length) card.append(channelsPart(chosen, showDetail));
    if (result.seconds > 0) {
      const look = lookPart(chosen, shownOf(chosen), audio, band);
      card.append(look.part);
      redraw = look.redraw;
    }
    if (collects && chosen.fromMicrophone) card.append(keepPart(chosen));
    redraw();
  }
}

function give(files) {
  complain("");
  for (const file of files) add(file, file.name || "recording");
}

$("choose").onclick = () => $("files").click();
$("files").onchange = ({ target }) => { give(target.files); target.value = ""; };
$("record").onclick = recordingSwitch(() => audio.pause(), (blob) => add(blob, `Recording ${++recorded}`, true));
$("download-all").onclick = () => download("bonafide", items.filter(({ state }) => state === "done" || state === "error"));
$("threshold").onchange = async ({ target: { value: threshold } }) => {
  for (const item of items.filter(({ state }) => state === "done")) {
    if ($("threshold").value !== threshold) return; // changed again meanwhile
    try {
      Object.assign(item, { result: await rejudge(item.result, threshold), threshold });
      update(item);
    } catch (error) {
      complain(sentence(error.message));
      return;
    }
  }
};
$("token-form").onsubmit = async (event) => {
  event.preventDefault();
  useToken($("token").value);
  try {
    await learn();
    keepToken();
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
