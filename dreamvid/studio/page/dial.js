// @ts-check
/** One dial: its label, its control by its kind, a switch to a curve, and its reset. */
import { el, icon, iconButton, thumbs, tried } from "./dom.js";
import { get, thumbOf } from "./api.js";
import { pickFile, sendFile } from "./files.js";
import { isCurve, rangeOf, restOf, schema } from "./schema.js";
import { length, set, setValue, valueOf } from "./state.js";

/** @typedef {import("./schema.js").Dial} Dial */
/** @typedef {{node: HTMLElement, dial: Dial, field: () => string, update: () => void, error: (text: string) => void}} Row */

/** @param {number} value */
const short = (value) => String(Number(value.toPrecision(6)));
const PICKS = { film: ["film", "picture"], picture: ["picture"], sound: ["sound", "film"], network: ["network"] };

/** @param {Dial} dial @param {() => string} field where its value is kept @returns {Row} */
export function dialRow(dial, field) {
  const put = (/** @type {any} */ value) => setValue(field(), value, schema.exclusive);
  const control = make(dial, put);
  const reset = iconButton("reset", `Reset ${dial.label}`, () => put(undefined));
  reset.classList.add("reset");
  const curve = (dial.kind === "number" || dial.kind === "integer") && dial.schedule
    && iconButton("curve", `Curve of ${dial.label}`, () => openCurve(dial, field()));
  if (curve) curve.classList.add("to-curve");
  const message = el("p", { class: "fault", hidden: true });
  const label = el("span", { class: "label", title: dial.help, on: { dblclick: () => put(undefined) } }, dial.label);
  const node = el("div", { class: `dial ${control.style ?? ""}`, data: { field: `${dial.field}`, help: dial.help } },
    label, control.node, curve || el("span", {}), reset, message);
  const update = () => {
    const value = valueOf(field());
    node.classList.toggle("changed", value !== undefined);
    reset.disabled = value === undefined;
    curve && curve.setAttribute("aria-pressed", String(isCurve(value, dial)));
    control.update(value);
  };
  const error = (/** @type {string} */ text) => {
    message.hidden = !text;
    message.textContent = text;
    node.classList.toggle("wrong", Boolean(text));
    control.input.setAttribute("aria-invalid", String(Boolean(text)));
  };
  return { node, dial, field, update, error };
}

/** Make the dial a curve if it is not, and show it. @param {Dial} dial @param {string} field */
export function openCurve(dial, field) {
  const value = valueOf(field);
  if (!isCurve(value, dial)) {
    const rest = short(typeof value === "number" ? value : restOf(dial));
    setValue(field, `0:(${rest}), ${Math.max(1, length().frames - 1)}:(${rest})`);
  }
  set({ curve: field });
}

/** @typedef {{node: HTMLElement, input: HTMLElement, update: (value: any) => void, style?: string}} Control */

/** @param {Dial} dial @param {(value: any) => void} put @returns {Control} */
function make(dial, put) {
  if (dial.kind === "switch") return toggle(dial, put);
  if (dial.kind === "choice") return choice(dial, put);
  if (dial.kind === "number" || dial.kind === "integer") return rangeOf(dial) ? slider(dial, put) : text(dial, put);
  if (dial.file) return file(dial, put);
  return text(dial, put);
}

/** @param {Dial} dial @param {(value: any) => void} put @returns {Control} */
function toggle(dial, put) {
  const input = el("input", { type: "checkbox", "aria-label": dial.label, title: dial.help,
    on: { change: () => put(input.checked === dial.default ? undefined : input.checked) } });
  return { node: el("div", { class: "control" }, input), input, update: (value) => { input.checked = value ?? dial.default; } };
}

/** @param {Dial} dial @param {(value: any) => void} put @returns {Control} */
function choice(dial, put) {
  const options = (dial.choices ?? []).map((one) => el("option", { value: String(one) }, String(one)));
  const input = el("select", { "aria-label": dial.label, title: dial.help,
    on: { change: () => put(input.value === "" || input.value === dial.default ? undefined : input.value) } },
  dial.default === null && el("option", { value: "" }, "none"), ...options);
  return { node: el("div", { class: "control" }, input), input, update: (value) => { input.value = value ?? dial.default ?? ""; } };
}

/** What a text stands for in this dial; undefined for its default. @param {Dial} dial @param {string} given */
function parsed(dial, given) {
  const clean = given.trim();
  if (clean === "") return undefined;
  if (dial.many) return clean.includes("(") ? [clean] : clean.split(/\s+/);
  const isNumber = (dial.kind === "number" || dial.kind === "integer") && Number.isFinite(Number(clean));
  return isNumber ? Number(clean) : clean;
}

/** @param {any} value */
const written = (value) => value === undefined || value === null ? ""
  : Array.isArray(value) ? value.join(" ") : typeof value === "number" ? short(value) : String(value);

/** @param {Dial} dial @param {(value: any) => void} put @returns {Control} */
function text(dial, put) {
  const input = el("input", { type: "text", "aria-label": dial.label, title: dial.help, spellcheck: false, autocomplete: "off",
    placeholder: written(dial.default) || (dial.name === "layer" ? "the network's own" : "auto"),
    on: { change: () => put(parsed(dial, input.value)) } });
  if (["layer", "label", "model"].includes(dial.name)) input.setAttribute("list", `list-${dial.name}`);
  return { node: el("div", { class: "control" }, input), input, style: "wide",
    update: (value) => { if (document.activeElement !== input) input.value = written(value); } };
}

/** @param {Dial} dial @param {(value: any) => void} put @returns {Control} */
function slider(dial, put) {
  const { low, high, step, ratio } = /** @type {any} */ (rangeOf(dial));
  const to = (/** @type {number} */ value) => ratio ? Math.log2(value) : value;
  const from = (/** @type {number} */ value) => ratio ? Number((2 ** value).toPrecision(3)) : value;
  const range = el("input", { type: "range", min: String(to(low)), max: String(to(high)), step: String(ratio ? 0.05 : step),
    "aria-label": dial.label, title: dial.help, on: { input: () => put(from(Number(range.value))) } });
  const box = el("input", { type: "text", inputMode: "decimal", "aria-label": `${dial.label}, as a number or a curve`, autocomplete: "off",
    placeholder: dial.default === null ? "auto" : "", on: { change: () => put(parsed(dial, box.value)), keydown: (/** @type {KeyboardEvent} */ event) => nudge(event) } });
  /** @param {KeyboardEvent} event */
  function nudge(event) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const now = Number(box.value || restOf(dial));
    if (!Number.isFinite(now)) return;
    const by = way * step * (event.shiftKey ? 10 : 1);
    const next = Math.min(dial.max ?? Infinity, Math.max(dial.min ?? -Infinity, now + by));
    box.value = short(next);
    put(next);
  }
  const update = (/** @type {any} */ value) => {
    const curved = isCurve(value, dial);
    const number = typeof value === "number" ? value : restOf(dial);
    range.value = String(to(Math.min(high, Math.max(low, number))));
    const share = (/** @type {number} */ v) => 100 * (to(Math.min(high, Math.max(low, v))) - to(low)) / (to(high) - to(low));
    const [a, b] = [share(number), share(restOf(dial))];
    range.style.setProperty("--from", `${Math.min(a, b)}%`);
    range.style.setProperty("--to", `${Math.max(a, b)}%`);
    range.classList.toggle("auto", value === undefined && dial.default === null);
    range.disabled = curved;
    range.setAttribute("aria-valuetext", curved ? "a curve" : value === undefined && dial.default === null ? "auto" : short(number));
    if (document.activeElement !== box || typeof value === "number") box.value = value === undefined && dial.default === null ? "" : written(value ?? number);
  };
  return { node: el("div", { class: "control" }, range, box), input: box, update };
}

/** A place for a file, that is picked or dropped. @param {Dial} dial @param {(value: any) => void} put @returns {Control} */
function file(dial, put) {
  const kinds = PICKS[/** @type {keyof typeof PICKS} */ (dial.file)] ?? ["film", "picture"];
  const input = el("input", { type: "text", "aria-label": dial.label, title: dial.help, spellcheck: false, autocomplete: "off",
    placeholder: "drop a file", on: { change: () => put(parsed(dial, input.value)) } });
  const face = el("span", { class: "face" });
  const name = el("span", { class: "name" });
  const pick = el("button", { type: "button", title: `Pick: ${dial.label}`, "aria-label": `Pick: ${dial.label}`, on: { click: async () => {
    const entry = await pickFile(kinds, dial.label);
    if (entry) put(`@${entry.id}`);
  } } }, icon("folder"));
  const node = el("div", { class: "control slot" }, face, name, input, pick);
  node.addEventListener("dragover", (event) => { event.preventDefault(); node.classList.add("over"); });
  node.addEventListener("dragleave", () => node.classList.remove("over"));
  node.addEventListener("drop", (event) => {
    const dropped = event.dataTransfer?.files[0];
    node.classList.remove("over");
    if (!dropped) return;
    event.preventDefault();
    tried(async () => put(`@${(await sendFile(dropped, dropped.name)).id}`));
  });
  let seen = "";
  const update = async (/** @type {any} */ value) => {
    const id = /^@([0-9a-f]{20})$/.exec(value ?? "")?.[1] ?? "";
    if (document.activeElement !== input) input.value = id ? "" : written(value);
    input.hidden = Boolean(id);
    name.hidden = face.hidden = !id;
    if (id === seen) return;
    seen = id;
    face.replaceChildren();
    name.textContent = "";
    if (!id) return;
    const info = await get(`/api/media/${id}`).catch(() => null);
    if (seen !== id) return;
    name.textContent = name.title = info?.name ?? "a file";
    if (info && info.kind !== "sound") face.replaceChildren(thumbs.image(thumbOf(id), ""));
  };
  return { node, input, style: "wide", update };
}

/** Names that texts of dials are completed from. @param {string} name @param {string[]} values */
export function completions(name, values) {
  const id = `list-${name}`;
  const list = document.getElementById(id) ?? document.body.appendChild(el("datalist", { id }));
  list.replaceChildren(...values.map((value) => el("option", { value })));
}
