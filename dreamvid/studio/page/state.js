// @ts-check
/** The one store: what is open, and the settings. It outlives a reload, in localStorage and the hash. */

/** @typedef {import("./api.js").Settings} Settings */
/** @typedef {import("./api.js").Media} Media */
/** @typedef {{view: string, panel: string, media: string|null, noise: boolean, make: string, frame: number,
 *   slots: Record<string, Settings>, slot: string, region: number, curve: string|null, tool: string,
 *   compare: string, split: number, width: number, info: Media|null, autokey: boolean, keys: boolean,
 *   folder: string|null, open: Record<string, boolean>}} State */

const KEPT = "dreamvid.studio";
/** @type {State} */
const FRESH = {
  view: "dream", panel: "source", media: null, noise: false, make: "video", frame: 0,
  slots: { A: {}, B: {} }, slot: "A", region: -1, curve: null, tool: "", compare: "after", split: 50,
  width: 320, info: null, autokey: false, keys: true, folder: null, open: {},
};
/** @type {[Set<string>, (changed: Set<string>) => void][]} */
const listeners = [];
/** @type {{slot: string, settings: Settings}[]} */
let past = [];
/** @type {{slot: string, settings: Settings}[]} */
let future = [];
let lastEdit = { what: "", at: 0 };

/** Read it; never write it but by `set`. @type {Readonly<State>} */
export const state = restored();

/** @returns {State} */
function restored() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  } catch { /* what is not readable is forgotten */ }
  const all = { ...structuredClone(FRESH), ...kept, ...fromHash() };
  if (all.info?.id !== all.media) all.info = null;
  return all;
}

/** @returns {Partial<State>} */
export function fromHash() {
  const [view, media, frame] = location.hash.slice(1).split("/");
  /** @type {Partial<State>} */
  const found = {};
  if (["dream", "queue", "gallery"].includes(view)) found.view = view;
  if (/^[0-9a-f]{20}$/.test(media ?? "")) {
    found.media = media;
    found.noise = false;
    found.frame = Number(frame) || 0;
  }
  return found;
}

/** @param {Partial<State>} patch */
export function set(patch) {
  const changed = new Set(Object.entries(patch)
    .filter(([key, value]) => /** @type {any} */ (state)[key] !== value).map(([key]) => key));
  if (!changed.size) return;
  Object.assign(state, patch);
  keep();
  for (const [keys, call] of listeners) if ([...keys].some((key) => changed.has(key))) call(changed);
}

function keep() {
  try {
    localStorage.setItem(KEPT, JSON.stringify(state));
  } catch { /* a full or forbidden store: the page still works */ }
  const media = state.media && state.view === "dream" ? `/${state.media}/${state.frame}` : "";
  history.replaceState(null, "", `#${state.view}${media}`);
}

/** Call when one of these keys changes. @param {string} keys @param {(changed: Set<string>) => void} call */
export const on = (keys, call) => void listeners.push([new Set(keys.split(" ")), call]);

/** The settings of the slot that is shown. */
export const settings = () => state.slots[state.slot];

/** Change the settings by a function on a copy of them; edits of the same thing in a row are one step back.
 * @param {string} what @param {(settings: Settings) => void} change */
export function edit(what, change) {
  const before = settings();
  const after = structuredClone(before);
  change(after);
  for (const [table, values] of Object.entries(after)) {
    if (values && typeof values === "object" && !Object.keys(values).length) delete after[table];
  }
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  const now = Date.now();
  if (what !== lastEdit.what || now - lastEdit.at > 1000) past = [...past.slice(-99), { slot: state.slot, settings: before }];
  lastEdit = { what, at: now };
  future = [];
  set({ slots: { ...state.slots, [state.slot]: after } });
}

/** @param {typeof past} from @param {typeof past} to */
function walk(from, to) {
  const step = from.pop();
  if (!step) return;
  to.push({ slot: step.slot, settings: state.slots[step.slot] });
  lastEdit = { what: "", at: 0 };
  set({ slot: step.slot, slots: { ...state.slots, [step.slot]: step.settings }, region: -1 });
}
export const undo = () => walk(past, future);
export const redo = () => walk(future, past);

/** The value of a field such as dream.strength or region.0.layer; undefined where it has its default.
 * @param {string} field @param {Settings} [from] */
export const valueOf = (field, from = settings()) =>
  field.split(".").reduce((value, key) => value?.[key], /** @type {any} */ (from));

/** Give a field a value; undefined or null gives it its default.
 * @param {string} field @param {any} value @param {string[][]} [exclusive] */
export function setValue(field, value, exclusive = []) {
  const keys = field.split(".");
  const name = /** @type {string} */ (keys.pop());
  edit(field, (all) => {
    /** @type {any} */
    let table = all;
    for (const key of keys) table = table[key] ??= {};
    if (value === undefined || value === null) delete table[name];
    else {
      for (const pair of exclusive) if (pair.includes(name)) for (const other of pair) if (other !== name) delete table[other];
      table[name] = value;
    }
  });
}

/** The field of a dial of a table, or of the region that is shown. @param {string} table @param {string} name */
export const fieldOf = (table, name) => table === "region" ? `region.${state.region}.${name}` : `${table}.${name}`;

export const command = () => state.make.split(":")[0];

/** Seconds as a number, from 90, "90" or "1:30". @param {any} value @param {number} otherwise */
function seconds(value, otherwise) {
  if (value === undefined || value === null || value === "") return otherwise;
  const found = String(value).split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number.isFinite(found) ? found : otherwise;
}

/** @param {any} rate such as "24000/1001" */
export function rateOf(rate) {
  const [upper, lower = "1"] = String(rate).split("/");
  const found = Number(upper) / Number(lower);
  return Number.isFinite(found) && found > 0 ? found : 25;
}

/** Number of frames and their rate of what is made. @returns {{frames: number, rate: string, fps: number}} */
export function length() {
  const { info } = state;
  if (command() === "zoom" || command() === "loop") {
    const clip = settings().clip ?? {};
    const rate = String(clip.fps ?? "30");
    const frames = Math.max(1, Math.round(seconds(clip.seconds, 10) * rateOf(rate)));
    return { frames, rate, fps: rateOf(rate) };
  }
  const rate = info?.rate ?? "25";
  const fps = rateOf(rate);
  return { frames: info?.frames || Math.max(1, Math.round((info?.duration ?? 0) * fps)), rate, fps };
}
