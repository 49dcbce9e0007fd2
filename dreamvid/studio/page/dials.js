// @ts-check
/** The panel of dials: what is made, regions, the first six, and the rest folded by table. */
import { el, icon, iconButton } from "./dom.js";
import { dialRow } from "./dial.js";
import { checkedNow, previews } from "./preview.js";
import { dialsNow, makes, schema } from "./schema.js";
import { edit, fieldOf, on, set, settings, state } from "./state.js";
import { openShare } from "./share.js";
import { makeQueueing } from "./queueing.js";

/** @typedef {import("./dial.js").Row} Row */
/** @type {Row[]} */
let rows = [];
const list = el("div", { class: "dial-list", id: "dial-list" });
const help = el("p", { class: "help", id: "help" });
const make = el("select", { "aria-label": "What is made", id: "make", on: { change: () => set({ make: make.value, frame: 0, tool: "" }) } });
const regions = el("div", { class: "regions", role: "group", "aria-label": "Regions" });
const search = el("input", { type: "search", id: "search", placeholder: "Find a dial", "aria-label": "Find a dial", on: { input: filter } });

/** @param {HTMLElement} parent */
export function makeDials(parent) {
  parent.append(
    el("div", { class: "panel-head" }, make, search,
      el("button", { type: "button", class: "quiet", title: "Settings as text, share and load (S)", on: { click: openShare } }, "Look")),
    regions, list, help, makeQueueing());
  const show = (/** @type {Event} */ event) => {
    const row = /** @type {HTMLElement} */ (event.target).closest?.(".dial");
    if (row instanceof HTMLElement) help.textContent = row.dataset.help ?? "";
  };
  list.addEventListener("pointerover", show);
  list.addEventListener("focusin", show);
  on("make info noise", build);
  on("region", build);
  on("slots slot", () => { listRegions(); update(); });
  previews.addEventListener("checked", faults);
  build();
}

let built = "";

function build() {
  const options = makes();
  make.replaceChildren(...options.map(([value, text]) => el("option", { value }, text)));
  make.value = state.make;
  if (!options.length) make.append(el("option", { value: state.make }, "Nothing open"));
  make.disabled = options.length < 2;
  listRegions();
  const key = `${state.make}/${state.region >= 0}`;
  if (key === built) return update();
  built = key;
  rows = [];
  if (state.region >= 0) list.replaceChildren(...regionGroups());
  else list.replaceChildren(...groups());
  filter();
  update();
}

/** @param {import("./schema.js").Dial} dial @param {string} table */
function row(dial, table) {
  const made = dialRow(dial, () => fieldOf(table, dial.name));
  rows.push(made);
  return made.node;
}

function groups() {
  const { first, tables } = dialsNow();
  const shown = first.map((field) => {
    const [table, name] = field.split(".");
    const dial = tables.find((one) => one.table === table)?.dials.find((one) => one.name === name);
    return dial && row(dial, table);
  }).filter((one) => one !== undefined);
  return [
    el("div", { class: "group first" }, ...shown),
    ...tables.map(({ table, title, about, dials }) => {
      const rest = dials.filter((one) => !first.includes(one.field) && one.kind !== "table" && !(table === "loop" && one.name === "kind") && one.name !== "from_noise");
      return rest.length > 0 && folded(table, title, about, rest.map((dial) => row(dial, table)));
    }).filter((one) => one !== false),
  ];
}

function regionGroups() {
  const { dials, about } = schema.region;
  const firsts = ["mask", "feather", "layer", "strength", "colours", "detail", "guide"];
  const one = (/** @type {string} */ name) => dials.filter((dial) => dial.name === name);
  return [
    el("div", { class: "group first" }, ...firsts.flatMap(one).map((dial) => row(dial, "region"))),
    folded("region", "More of the region", about, dials.filter((dial) => !firsts.includes(dial.name)).map((dial) => row(dial, "region"))),
  ];
}

/** @param {string} table @param {string} title @param {string} about @param {HTMLElement[]} nodes */
function folded(table, title, about, nodes) {
  const count = el("span", { class: "count" });
  const details = el("details", { class: "group", open: Boolean(state.open[table]), data: { table } },
    el("summary", { title: about }, title, count), ...nodes);
  details.addEventListener("toggle", () => { if (!search.value) set({ open: { ...state.open, [table]: details.open } }); });
  return details;
}

function update() {
  for (const one of rows) one.update();
  for (const group of list.querySelectorAll("details")) {
    const changed = group.querySelectorAll(".dial.changed").length;
    const count = group.querySelector(".count");
    if (count) count.textContent = changed ? `${changed} changed` : "";
  }
}

/** Show the dials whose label, name or help has the words. */
function filter() {
  const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  for (const { node, dial } of rows) {
    const text = `${dial.label} ${dial.name} ${dial.help}`.toLowerCase();
    node.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".group"))) {
    group.hidden = words.length > 0 && ![...group.querySelectorAll(".dial")].some((one) => !(/** @type {HTMLElement} */ (one).hidden));
    if (group instanceof HTMLDetailsElement) group.open = words.length > 0 || Boolean(state.open[group.dataset.table ?? ""]);
  }
}

/** Show what the server found wrong beside its dial. */
function faults() {
  const errors = /** @type {{field: string, text: string}[]} */ (checkedNow.errors ?? []);
  const rest = new Set(errors);
  for (const one of rows) {
    const fault = errors.find(({ field }) => field === one.dial.field || field === one.field() || field === one.dial.name || field === one.dial.flag);
    if (fault) rest.delete(fault);
    one.error(fault ? fault.text : "");
  }
  const [other] = rest;
  help.classList.toggle("fault", Boolean(other));
  if (other) help.textContent = other.text;
}

function listRegions() {
  const known = dialsNow().regions;
  regions.hidden = !known;
  if (!known) return;
  /** @type {any[]} */
  const all = settings().region ?? [];
  const chip = (/** @type {string} */ text, /** @type {number} */ index) =>
    el("button", { type: "button", "aria-pressed": String(state.region === index), on: { click: () => set({ region: index }) } }, text);
  const remove = state.region >= 0 && iconButton("close", "Remove this region", () => removeRegion());
  regions.replaceChildren(chip("Whole", -1), ...all.map((_, k) => chip(nameOf(all, k), k)),
    el("button", { type: "button", class: "quiet", title: "Another part of the picture, with dials of its own", on: { click: addRegion } }, icon("plus"), el("span", {}, "Region")), remove || "");
}

/** The first region may be without a mask: it has what the others leave. @param {any[]} all @param {number} index */
function nameOf(all, index) {
  const hasRest = !all[0].mask && all.length > 1;
  return hasRest && index === 0 ? "Rest" : `Region ${index + (hasRest ? 0 : 1)}`;
}

function addRegion() {
  const index = (settings().region ?? []).length || 1;
  edit("regions", (all) => { (all.region ??= [{}]).push({}); });
  set({ region: index, tool: "mask" });
}

function removeRegion() {
  const index = state.region;
  set({ region: -1 });
  edit("regions", (all) => {
    all.region.splice(index, 1);
    if (!all.region.some((/** @type {any} */ one) => one.mask)) delete all.region;
  });
}

export function findDial() {
  set({ panel: "dials" });
  search.focus();
  search.select();
}
