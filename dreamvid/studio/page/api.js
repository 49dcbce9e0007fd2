// @ts-check
/** What the page asks of the server: see API.md. */

/** @typedef {{id: string, name: string, kind: string, size: number, changed: number}} Entry */
/** @typedef {Entry & {width?: number, height?: number, frames?: number|null, rate?: string,
 *   fps?: number, duration?: number|null, sound?: boolean}} Media */
/** @typedef {Record<string, any>} Settings */

/** An answer that is an error, with the field of the settings that it concerns. */
export class ApiError extends Error {
  /** @param {string} text @param {number} status @param {string|null} field */
  constructor(text, status, field) {
    super(text);
    this.status = status;
    this.field = field;
  }
}

/** @param {Response} answer */
async function checked(answer) {
  if (answer.ok) return answer;
  /** @type {any} */
  let told = {};
  try {
    told = await answer.json();
  } catch { /* an answer without a body */ }
  throw new ApiError(told.error || `the studio answers ${answer.status}`, answer.status, told.field || null);
}

/** @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function get(path, signal) {
  return (await checked(await fetch(path, { signal }))).json();
}

/** @param {string} path @param {any} body @param {AbortSignal} [signal] */
function send(path, body, signal) {
  const headers = { "content-type": "application/json" };
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

/** @param {string} path @param {any} [body] @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function post(path, body = {}, signal) {
  return (await checked(await send(path, body, signal))).json();
}

/** Yield the events of an answer of lines of JSON.
 * @param {Response} answer @returns {AsyncGenerator<any>} */
async function* lines(answer) {
  const reader = /** @type {ReadableStream} */ (answer.body).pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const rows = (rest + value).split("\n");
    rest = rows.pop() ?? "";
    for (const row of rows) if (row) yield JSON.parse(row);
  }
}

/** @param {string} path @param {any} body @param {AbortSignal} signal */
export async function* stream(path, body, signal) {
  yield* lines(await checked(await send(path, body, signal)));
}

/** @param {string} path @param {AbortSignal} signal */
export async function* follow(path, signal) {
  yield* lines(await checked(await fetch(path, { signal })));
}

/** Send a file; `tell` gets the share that is sent.
 * @param {Blob} file @param {string} name @param {(share: number) => void} [tell] @returns {Promise<Entry>} */
export function upload(file, name, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what is sent
    request.open("POST", "/api/uploads");
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-file-name", encodeURIComponent(name));
    request.responseType = "json";
    request.upload.onprogress = (event) => tell?.(event.loaded / Math.max(1, event.total));
    request.onload = () => request.status === 201 ? resolve(request.response)
      : reject(new ApiError(request.response?.error || "the file was refused", request.status, null));
    request.onerror = () => reject(new ApiError("the file could not be sent", 0, null));
    request.send(file);
  });
}

/** @param {string} id @param {number} n @param {number} width */
export const frameOf = (id, n, width) => `/api/media/${id}/frame?n=${n}&width=${width}`;
/** @param {string} id */
export const thumbOf = (id) => `/api/media/${id}/thumb`;
/** @param {string} jpeg in base64 */
export const picture = (jpeg) => `data:image/jpeg;base64,${jpeg}`;
