// Talks to the service that served the page, and to nobody else.
import { $ } from "./dom.js";

const MOST_TRIES = 20;

let token = sessionStorage.getItem("token") || "";

export const hasToken = () => token !== "";

export function useToken(given) {
  token = given;
}

export function keepToken() {
  sessionStorage.setItem("token", token);
}

export function askToken() {
  $("token-form").hidden = false;
  $("token").focus();
}

export async function ask(path, options = {}) {
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(path, { ...options, headers });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (response.status === 401) askToken();
  const error = new Error(answer.error?.message || `the service answers ${response.status}`);
  throw Object.assign(error, { status: response.status, wait: Number(response.headers.get("Retry-After")) || 1 });
}

/** Resolves to what a result of the service would be under another threshold. */
export function rejudge({ evidence, ...result }, threshold) {
  const options = { method: "POST", body: JSON.stringify(result), headers: { "Content-Type": "application/json" } };
  return patiently(() => ask(`/v1/verdict?${new URLSearchParams({ threshold })}`, options));
}

/** Resolves to what the service says of a recording, coming back where it is busy. */
export async function detect(blob, options) {
  const path = `/v1/detect?${new URLSearchParams(options)}`;
  const kind = /^(audio|video)\//.test(blob.type) ? blob.type : "application/octet-stream";
  return patiently(() => ask(path, { method: "POST", body: blob, headers: { "Content-Type": kind } }));
}

async function patiently(asking) {
  for (let tries = 0; ; tries++) {
    try {
      return await asking();
    } catch (error) {
      if (error.status !== 429 || tries === MOST_TRIES) throw error;
      await new Promise((done) => setTimeout(done, 1000 * error.wait));
    }
  }
}
