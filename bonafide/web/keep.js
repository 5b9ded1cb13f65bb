// The form that gives a recording to the corpus.
import { make } from "./dom.js";
import { ask } from "./service.js";
import { sentence } from "./words.js";

const LICENSE = "all rights reserved; for training detectors of AI-generated speech";
const PAGE_KEY = document.querySelector("meta[name=page-key]").content; // the service takes nothing from other pages
const LANGUAGE = "[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*";

export function keepPart(item) {
  const answer = make("p", { class: "note", role: "status" }, item.kept || "");
  const form = make("form", { class: "keep", onsubmit: give },
    make("h2", {}, "Give this recording to the corpus"),
    make("p", { class: "note" }, "Detectors learn from people who lend their voice. Nothing is kept unless you send it here."),
    make("div", { class: "fields" },
      field("speaker", "Speaker: the same name each time", { required: true, maxlength: 80 }),
      field("language", "Language: en, de, pt-br", { required: true, pattern: LANGUAGE, value: navigator.language }),
      genders(), field("license", "Licence", { value: LICENSE })),
    make("label", { class: "consent" }, make("input", { type: "checkbox", name: "consent", value: "yes", required: true }),
      "This is my voice, and I agree that the recording is kept and used to train detectors."),
    make("button", { class: "primary", disabled: Boolean(item.kept) }, "Keep it"), answer);

  async function give(event) {
    event.preventDefault();
    const data = new FormData(form);
    data.append("file", item.blob, "recording.wav");
    try {
      await ask("/v1/collect", { method: "POST", body: data, headers: { "X-Bonafide-Page": PAGE_KEY } });
      answer.textContent = item.kept = "Saved into the corpus. Thank you.";
      form.querySelectorAll("input, select, button").forEach((each) => { each.disabled = true; });
    } catch (error) {
      answer.textContent = sentence(error.message);
    }
  }
  return form;
}

const field = (name, label, rest = {}) =>
  make("label", {}, label, make("input", { name, autocomplete: "off", ...rest }));

const genders = () => make("label", {}, "Gender, if you like", make("select", { name: "gender" },
  make("option", { value: "" }, "not said"), make("option", { value: "female" }, "female"), make("option", { value: "male" }, "male")));
