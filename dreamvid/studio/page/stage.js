// @ts-check
/** The stage: the picture, before and after, A and B, and the tools on it. */
import { $, el, icon, segments, tell } from "./dom.js";
import { frameOf } from "./api.js";
import { on, set, state } from "./state.js";
import { isOpen, previews, stopPreview, took } from "./preview.js";
import { showLoupe } from "./loupe.js";

const before = el("img", { class: "before", alt: "The source", draggable: false });
const after = el("img", { class: "after", alt: "The dream of the frame", draggable: false });
/** What tools draw on; as large as the picture is shown. */
export const overlay = el("canvas", { class: "overlay", tabIndex: -1, hidden: true });
const split = el("input", { type: "range", class: "split", min: "0", max: "100", step: "0.5", "aria-label": "Before and after",
  on: { input: () => set({ split: Number(split.value) }) } });
const line = el("div", { class: "split-line" });
const progress = el("div", { class: "octaves" });
export const view = el("div", { class: "view" }, before, after, line, split, overlay, progress);
const hint = el("div", { class: "hint" },
  el("p", {}, "Drop a film or a picture here, or pick one under Source."),
  el("p", { class: "muted" }, "Files of the folders are opened where they lie. A dropped file is copied into the studio."));
const toolbar = el("div", { class: "toolbar" });

/** The picture that is shown: dreamed, or its source. */
export const shown = () => ({ before, after });

/** Show a picture, as of a strip that plays. @param {string} src */
export const showFrame = (src) => { after.src = src; };

/** @param {HTMLElement} parent */
export function makeStage(parent) {
  parent.append(el("div", { class: "screen", id: "screen" }, view, hint), el("div", { id: "tool-slot" }), toolbar);
  const compare = segments("compare", "Compare", [["before", "Before"], ["split", "Split"], ["after", "After"]], (value) => set({ compare: value }));
  const slot = segments("slot", "Settings", [["A", "A"], ["B", "B"]], (value) => set({ slot: value, region: -1 }));
  const copy = el("button", { type: "button", class: "quiet copy", title: "Copy these settings to the other side", on: { click: copySlot } });
  const width = el("select", { "aria-label": "Width of the preview", title: "Width of the preview", on: { change: () => set({ width: Number(width.value) }) } },
    ...[160, 320, 480, 640, 960, 1280].map((one) => el("option", { value: String(one) }, `${one} px`)));
  const loupe = el("button", { type: "button", "aria-pressed": "false", title: "Loupe, 100 % (L)", on: { click: () => tool("loupe") } }, icon("loupe"), el("span", {}, "Loupe"));
  const mask = el("button", { type: "button", "aria-pressed": "false", title: "Paint the mask (M)", on: { click: () => tool("mask") } }, icon("brush"), el("span", {}, "Mask"));
  const camera = el("button", { type: "button", "aria-pressed": "false", title: "Draw the camera (C)", on: { click: () => tool("camera") } }, icon("camera"), el("span", {}, "Camera"));
  toolbar.append(compare.node, slot.node, copy, el("span", { class: "space" }), width, loupe, mask, camera);
  const update = () => {
    compare.update(state.compare);
    slot.update(state.slot);
    copy.textContent = state.slot === "A" ? "A to B" : "B to A";
    width.value = String(state.width);
    const zooms = ["zoom", "loop:feedback", "loop:zoom"].includes(state.make);
    const masks = ["video", "image"].includes(state.make);
    loupe.setAttribute("aria-pressed", String(state.tool === "loupe"));
    mask.setAttribute("aria-pressed", String(state.tool === "mask"));
    camera.setAttribute("aria-pressed", String(state.tool === "camera"));
    camera.hidden = !zooms;
    mask.hidden = !masks;
    overlay.hidden = !(state.tool === "mask" && masks || state.tool === "camera" && zooms);
    const at = state.compare === "before" ? 100 : state.compare === "after" ? 0 : state.split;
    view.style.setProperty("--split", `${at}%`);
    view.dataset.compare = state.compare;
    split.value = String(state.split);
    split.disabled = state.compare !== "split" || Boolean(state.tool);
    showLoupe(state.tool === "loupe");
    hint.hidden = isOpen();
    view.hidden = !isOpen();
    toolbar.inert = !isOpen();
  };
  on("compare slot tool make split width media noise info", update);
  on("media noise", () => { before.removeAttribute("src"); after.removeAttribute("src"); });
  on("frame media", undreamed);
  on("info", fit);
  watch();
  fit();
  update();
  scrubbed();
}

export function copySlot() {
  const other = state.slot === "A" ? "B" : "A";
  set({ slots: { ...state.slots, [other]: structuredClone(state.slots[state.slot]) } });
  tell(`Copied to ${other}.`);
}

/** @param {string} name */
export const tool = (name) => set({ tool: state.tool === name ? "" : name });

function fit() {
  const { info } = state;
  const wide = info?.width && info?.height ? info.width / info.height : 16 / 9;
  view.style.setProperty("--aspect", String(wide));
}

/** The frame that is shown is not dreamed yet. */
function undreamed() {
  view.dataset.dreamed = "";
  scrubbed();
}

let loading = false;
let wanted = "";

/** Show the frame itself while its dream is on the way; one request at a time. */
function scrubbed() {
  if (!state.media || state.info?.kind === "sound") return;
  const still = state.info?.kind === "picture";
  wanted = frameOf(state.media, still ? 0 : state.frame, Math.max(state.width, 320));
  if (loading || view.dataset.source === wanted) return;
  loading = true;
  const mine = wanted;
  const image = new Image();
  image.onload = image.onerror = () => {
    loading = false;
    if (image.naturalWidth) {
      view.dataset.source = mine;
      before.src = image.src;
      if (view.dataset.dreamed !== "yes") after.src = image.src;
    }
    if (wanted !== mine) scrubbed();
  };
  image.src = mine;
}

function watch() {
  previews.addEventListener("source", (event) => {
    const { src } = /** @type {CustomEvent} */ (event).detail;
    before.src = src;
    if (!after.getAttribute("src")) after.src = src;
  });
  previews.addEventListener("due", () => { view.dataset.state = "due"; });
  previews.addEventListener("busy", () => {
    view.dataset.state = "busy";
    progress.replaceChildren(el("span", { class: "muted" }, "dreaming"));
  });
  previews.addEventListener("picture", (event) => {
    const { src, octave, octaves, final } = /** @type {CustomEvent} */ (event).detail;
    after.src = src;
    view.dataset.dreamed = "yes";
    view.style.setProperty("--aspect", String(after.naturalWidth ? after.naturalWidth / after.naturalHeight : 1.78));
    if (final) return;
    const dots = Array.from({ length: octaves }, (_, k) => el("i", { class: k < octave ? "lit" : "" }));
    progress.replaceChildren(...dots, el("span", {}, `octave ${octave} of ${octaves}`));
  });
  after.addEventListener("load", () => {
    if (view.dataset.dreamed === "yes") view.style.setProperty("--aspect", String(after.naturalWidth / after.naturalHeight));
  });
  previews.addEventListener("done", (event) => {
    view.dataset.state = "done";
    const { detail } = /** @type {CustomEvent} */ (event);
    progress.replaceChildren();
    if (detail.took?.whole) progress.append(el("span", { class: "muted" }, `${took.whole.toFixed(1)} s`));
  });
  $("screen").addEventListener("keydown", (event) => { if (event.key === "Escape") stopPreview(); });
}
