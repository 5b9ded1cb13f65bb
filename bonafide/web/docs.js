// What the service says of itself in OpenAPI, for people to read: no library, nothing from elsewhere.
import { $, complain, make } from "./dom.js";
import { ask, keepToken, useToken } from "./service.js";
import { sentence } from "./words.js";

async function start() {
  try {
    const { info, paths } = await ask("/v1/openapi.json");
    const parts = info.description.split("\n\n").map((text) => make("p", {}, text));
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) parts.push(...operationPart(path, method, operation));
    }
    $("docs").replaceChildren(...parts);
    keepToken();
    $("token-form").hidden = true;
    complain("");
  } catch (error) {
    complain(sentence(error.message));
  }
}

function operationPart(path, method, { summary, description, parameters = [], requestBody, responses }) {
  const kinds = Object.keys(requestBody?.content || {});
  const given = parameters.map(({ name, description: text, schema = {} }) =>
    make("li", {}, make("code", {}, name), `: ${text || schema.title || ""}`, schema.default !== undefined && ` (${schema.default})`));
  return [
    make("h2", { class: "operation" }, make("code", {}, `${method.toUpperCase()} ${path}`)),
    make("p", {}, [summary, description].filter(Boolean).map(sentence).join(" ")),
    kinds.length > 0 && make("p", { class: "note" }, `Takes ${kinds.join(", ")}.`),
    given.length > 0 && make("ul", {}, ...given),
    ...Object.entries(responses).map(([status, response]) => responsePart(status, response)),
  ].filter(Boolean);
}

function responsePart(status, { description, content = {} }) {
  const examples = Object.values(content).flatMap(({ example, examples: named = {} }) =>
    [...(example === undefined ? [] : [["", example]]), ...Object.entries(named).map(([name, { value }]) => [name, value])]);
  return make("details", {}, make("summary", {}, `${status}${description ? `: ${description}` : ""}`),
    ...examples.flatMap(([name, value]) => [name && make("p", { class: "note" }, name),
      make("pre", {}, make("code", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2)))]).filter(Boolean));
}

$("token-form").onsubmit = (event) => {
  event.preventDefault();
  useToken($("token").value);
  start();
};
start();
