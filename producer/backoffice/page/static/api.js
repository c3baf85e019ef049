/** The API: JSON over fetch. Errors come as ApiError; sign-outs and outages are told to followers. */

import { Store } from "./store.js";

const ROOT = "/api/v1";
/** Answers that say that Redis, S3 or Restyle itself is away for now. */
const AWAY = new Set([502, 503, 504]);

/** Why the service cannot be used now, as an ApiError; null while it can. */
export const outage = new Store(null);
/** Whether the API wants a token first. */
export const signedOut = new Store(false);

let csrf = "";

/** Take the token that unsafe requests must carry beside the cookie. */
export function trust(token) {
  csrf = token ?? "";
}

/** A problem that the API answered with, or `unreachable` where it did not answer. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The answer was ${status}.`);
    this.name = "ApiError";
    this.status = status;
    /** Stable name of the error, such as `count_differs`. */
    this.code = problem.code ?? "unexpected";
    /** What to do about it. */
    this.hint = problem.hint ?? "";
    /** Everything that the problem says beside that. */
    this.facts = problem;
  }

  /** Whether asking again later may help. */
  get passing() {
    return this.status === 0 || this.status === 429 || AWAY.has(this.status);
  }
}

/** The address of an API path, for links and pictures. Lists in the query are repeated. */
export function address(path, query = {}) {
  const pairs = query instanceof URLSearchParams ? [...query] : Object.entries(query)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, one]));
  const given = pairs.filter(([, value]) => value != null && value !== "");
  const text = new URLSearchParams(given).toString();
  return ROOT + path + (text && `?${text}`);
}

/** The API path of a batch and what is below it; each part is escaped. */
export function batchPath(batch, ...rest) {
  return ["/batches", batch, ...rest].map((part, at) => (at ? encodeURIComponent(part) : part)).join("/");
}

/** JSON of a GET. */
export async function get(path, query, { signal } = {}) {
  const response = await ask(address(path, query), { signal });
  return response.json();
}

/** JSON of a POST; null where the answer is empty. */
export async function post(path, body, { signal, headers } = {}) {
  return answer(await ask(address(path), { method: "POST", body: JSON.stringify(body ?? {}), signal, headers }));
}

/** JSON of a DELETE; null where the answer is empty. */
export async function remove(path) {
  return answer(await ask(address(path), { method: "DELETE" }));
}

async function answer(response) {
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/**
 * Ask, and answer with the response where it went well (304 too).
 *
 * @throws {ApiError} the API refused, or did not answer.
 */
export async function ask(url, { headers, ...options } = {}) {
  const response = await reach(url, { ...options, headers: head(options, headers), credentials: "same-origin" });
  if (!response.ok && response.status !== 304) throw await refusal(response);
  outage.set(null);
  return response;
}

function head({ method = "GET", body }, headers) {
  const own = { Accept: "application/json", ...headers };
  if (body) own["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) own["X-CSRF-Token"] = csrf;
  return own;
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const unreachable = new ApiError(0, {
      code: "unreachable", detail: "Restyle does not answer.", hint: "Is `restyle serve` running, and the network up?",
    });
    outage.set(unreachable);
    throw unreachable;
  }
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const error = new ApiError(response.status, problem);
  if (response.status === 401) signedOut.set(true);
  if (AWAY.has(response.status)) outage.set(error);
  return error;
}

/** A name that nobody else makes up; `crypto.randomUUID` is missing on plain http. */
export function freshId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
