// @ts-check
/** The gallery: results, newest first, with what can be done with them. */
import { get, post, thumbOf } from "./api.js";
import { el, size, tell, thumbs, tried } from "./dom.js";
import { loadInfo, open } from "./files.js";
import { openPlayer } from "./player.js";
import { onEnd } from "./queue.js";
import { copy, useLook } from "./share.js";
import { on, set, state } from "./state.js";

/** @typedef {import("./api.js").Entry & {settings: boolean, can_lengthen: boolean, job: string|null}} Result */
const grid = el("div", { class: "results", role: "list", "aria-label": "Results" });
const empty = el("p", { class: "muted", hidden: true }, "No results yet.");

/** @param {HTMLElement} page @param {boolean} local */
export function makeGallery(page, local) {
  page.append(el("header", {}, el("h2", {}, "Gallery"), el("span", { class: "space" }),
    local && el("button", { type: "button", on: { click: () => tried(() => post("/api/gallery/open")) } }, "Open folder")), grid, empty);
  const refresh = () => { if (state.view === "gallery") tried(fill); };
  on("view", refresh);
  onEnd(refresh);
  refresh();
}

let listed = "";

async function fill() {
  const { results } = await get("/api/gallery");
  empty.hidden = results.length > 0;
  const key = JSON.stringify(results);
  if (key === listed) return;
  listed = key;
  grid.replaceChildren(...results.map(card));
}

/** @param {Result} one */
function card(one) {
  const button = (/** @type {string} */ text, /** @type {() => any} */ call) =>
    el("button", { type: "button", "aria-label": `${text}: ${one.name}`, on: { click: () => tried(async () => call()) } }, text);
  const date = new Date(1000 * one.changed);
  return el("article", { class: "result", role: "listitem", data: { id: one.id } },
    el("button", { type: "button", class: "face", "aria-label": `Play ${one.name}`, on: { click: () => openPlayer(one.id, one.name, one.kind) } }, thumbs.image(thumbOf(one.id), "")),
    el("h3", { title: one.name }, one.name),
    el("p", { class: "muted small tabular" }, `${date.toLocaleDateString()} ${date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}, ${size(one.size)}`),
    el("div", { class: "row" },
      one.settings && button("Use these settings", () => use(one)), one.settings && button("Copy settings", () => copySettings(one)),
      one.can_lengthen && button("Lengthen", () => lengthen(one)), button("Dream on it", () => open(one))));
}

/** @param {Result} one */
async function use(one) {
  useLook(await get(`/api/gallery/${one.id}/settings`));
  set({ view: "dream" });
  await loadInfo();
}

/** @param {Result} one */
async function copySettings(one) {
  const look = await get(`/api/gallery/${one.id}/settings`);
  const { toml, errors } = await post("/api/settings/check", look);
  if (!toml) throw new Error(errors?.[0]?.text ?? "these settings cannot be written");
  await copy(toml);
}

/** @param {Result} one */
function lengthen(one) {
  const seconds = el("input", { type: "text", value: "10", inputMode: "decimal", "aria-label": "Seconds more" });
  const go = () => tried(async () => {
    await post(`/api/gallery/${one.id}/lengthen`, { seconds: seconds.value.trim() });
    tell(`Queued: more of ${one.name}`);
    dialog.close();
  });
  const dialog = el("dialog", { "aria-label": `Lengthen ${one.name}`, on: { close: () => dialog.remove() } },
    el("header", {}, el("h2", {}, "Lengthen")), el("label", { class: "row" }, "Seconds more", seconds),
    el("div", { class: "row end" }, el("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"),
      el("button", { type: "button", class: "main", on: { click: go } }, "Queue")));
  document.body.append(dialog);
  dialog.showModal();
}
