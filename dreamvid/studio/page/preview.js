// @ts-check
/** Previews: the frame under the cursor, strips of frames, and the camera alone. The newest wins. */
import { ApiError, picture, post, stream } from "./api.js";
import { alertOf, later, tell } from "./dom.js";
import { command, length, on, settings, state } from "./state.js";
import { dialsNow, sent } from "./schema.js";

/** What happens: `due`, `busy`, `source` and `picture` with a `src`, `done`; `begin` and `frame` of strips; `checked`. */
export const previews = new EventTarget();
/** @param {string} name @param {any} [detail] */
const emit = (name, detail = {}) => previews.dispatchEvent(new CustomEvent(name, { detail }));

const MOST_KEPT = 24;
/** Finished previews by what was asked, so that A and B flip at once. @type {Map<string, {source: string, final: string}>} */
const kept = new Map();
/** @type {AbortController|null} */
let running = null;
/** How long the last preview took, in seconds. */
export const took = { first: 0, whole: 0 };
/** What the settings come to, as the server told last: {ok, errors, toml, command_line, ...}. @type {any} */
export let checkedNow = { ok: true, errors: [] };

/** Whether there is something to dream on, and what it is is known. */
export const isOpen = () => Boolean(state.noise || state.media && state.info);
const dreams = () => dialsNow().tables.some((one) => one.table === "dream");

/** The width of the preview: under the loupe that of the film, as far as the server goes. */
const width = () => state.tool === "loupe" ? Math.max(state.width, Math.min(1280, state.info?.width ?? 640)) : state.width;

/** @param {any} [from] */
function order(from = settings()) {
  const { frames, rate } = length();
  const frame = Math.min(state.frame, frames - 1);
  return { command: command(), settings: sent(from), media: state.noise ? null : state.media, frame, frames, rate, width: width() };
}

function stop() {
  inAMoment.cancel();
  running?.abort();
  running = null;
}

/** Dream the frame that is open; or show it as it was dreamed. */
async function preview() {
  stop();
  if (!isOpen()) return;
  check();
  if (!dreams()) { // a loop of a film dreams nothing
    emit("source", { src: `/api/media/${state.media}/frame?n=${state.frame}&width=640` });
    return tell("");
  }
  const asked = order();
  const key = JSON.stringify(asked);
  const found = kept.get(key);
  if (found) {
    emit("source", { src: found.source });
    emit("picture", { src: found.final, final: true });
    emit("done");
    return tell("");
  }
  const mine = running = new AbortController();
  const begun = performance.now();
  let source = "";
  took.first = 0;
  emit("busy");
  try {
    for await (const event of stream("/api/preview", asked, mine.signal)) {
      if (running !== mine) return;
      if (event.event === "source") emit("source", { src: source = picture(event.jpeg) });
      if (event.event === "note") tell(event.text);
      if (event.event === "error" || event.event === "crashed") alertOf(event.text);
      if (event.event !== "picture") continue;
      took.first ||= (performance.now() - begun) / 1000;
      const src = picture(event.jpeg);
      emit("picture", { ...event, src });
      if (!event.final) continue;
      took.whole = (performance.now() - begun) / 1000;
      kept.set(key, { source, final: src });
      for (const old of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(old);
    }
  } catch (error) {
    const isTold = error instanceof ApiError && error.field; // beside its dial
    if (running === mine && !isTold) alertOf(error);
  } finally {
    if (running === mine) {
      running = null;
      emit("done", { took });
    }
  }
}

const inAMoment = later(60, preview);

/** Dream when nothing has changed for a moment; at once if it is kept, so that A and B flip. */
function soon() {
  stop(); // what comes late would be of other settings
  emit("due");
  if (isOpen() && kept.has(JSON.stringify(order()))) preview();
  else inAMoment();
}
/** Ask the server what the settings of now come to. */
export async function checkNow() {
  if (!isOpen()) return;
  try {
    const { command, settings, media } = order();
    checkedNow = await post("/api/settings/check", { command, settings, media });
    emit("checked", checkedNow);
  } catch (error) {
    alertOf(error);
  }
}
const check = later(150, checkNow);

/** Ask for frames of a strip or of the camera; each is told as `frame`.
 * @param {"strip"|"motion"} kind @param {number} count */
export async function frames(kind, count) {
  stop();
  if (!isOpen()) return;
  const mine = running = new AbortController();
  emit("busy");
  emit("begin", { kind, count });
  try {
    for await (const event of stream(`/api/preview/${kind}`, { ...order(), count }, mine.signal)) {
      if (event.event === "frame") emit("frame", { ...event, src: picture(event.jpeg) });
      if (event.event === "error" || event.event === "crashed") alertOf(event.text);
    }
  } catch (error) {
    alertOf(error);
  } finally {
    if (running === mine) {
      running = null;
      emit("done");
    }
  }
}

/** Stop what is being dreamed. */
export function stopPreview() {
  stop();
  emit("done");
}

export function watchPreviews() {
  on("slots slot media noise make width info frame", () => soon());
  const loaded = JSON.stringify(settings().network ?? {});
  let warm = "";
  on("slots slot", () => {
    const wanted = JSON.stringify(settings().network ?? {});
    if (wanted !== warm && !isOpen()) warmUp(warm = wanted);
  });
  let loupe = state.tool === "loupe";
  on("tool", () => {
    if (loupe !== (loupe = state.tool === "loupe")) soon();
  });
  if (isOpen()) soon();
  else warmUp(loaded);
}

/** @param {string} network in JSON */
function warmUp(network) {
  post("/api/preview/warm", { settings: { network: JSON.parse(network) } }).catch(() => {});
}
