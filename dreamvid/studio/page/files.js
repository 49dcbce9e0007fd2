// @ts-check
/** Files: folders as thumbnails, a dialog to pick one, and what is dropped on the page. */
import { get, thumbOf, upload } from "./api.js";
import { $, alertOf, el, icon, tell, thumbs, tried } from "./dom.js";
import { makes } from "./schema.js";
import { on, set, state } from "./state.js";
import { loadLook } from "./share.js";

/** @typedef {import("./api.js").Entry} Entry */
const MEDIA = ["film", "picture"];

/** A list of a folder that can be walked.
 * @param {string[]} kinds what can be picked
 * @param {(entry: Entry) => void} pick
 * @param {(folder: string|null) => void} [entered] */
function browser(kinds, pick, entered) {
  const trail = el("nav", { class: "trail", "aria-label": "Folders" });
  const list = el("div", { class: "files", role: "group", "aria-label": "Files" });
  const node = el("div", { class: "browser" }, trail, list);

  /** @param {Entry} entry */
  function item(entry) {
    const isFolder = entry.kind === "folder";
    const face = isFolder ? icon("folder")
      : MEDIA.includes(entry.kind) ? thumbs.image(thumbOf(entry.id), "") : el("span", { class: "kind" }, entry.kind);
    return el("button", { type: "button", class: `file ${entry.kind}`, title: entry.name, data: { id: entry.id },
      "aria-pressed": String(entry.id === state.media), on: { click: () => isFolder ? walk(entry.id) : pick(entry) } },
    el("span", { class: "face" }, face), el("span", { class: "name" }, entry.name));
  }

  /** @param {string|null} folder */
  async function walk(folder) {
    entered?.(folder);
    const crumb = (/** @type {string} */ text, /** @type {string|null} */ id) =>
      el("button", { type: "button", class: "quiet", on: { click: () => walk(id) } }, text);
    if (folder === null) {
      const { roots } = await get("/api/files");
      if (roots.length === 1) return walk(roots[0].id);
      trail.replaceChildren(crumb("Folders", null));
      return list.replaceChildren(...roots.map(item));
    }
    let found;
    try {
      found = await get(`/api/files/${folder}`);
    } catch {
      return walk(null); // the folder is gone
    }
    trail.replaceChildren(crumb("Folders", null), ...found.trail.map((/** @type {Entry} */ one) => crumb(one.name, one.id)));
    const entries = found.entries.filter((/** @type {Entry} */ one) => one.kind === "folder" || kinds.includes(one.kind));
    list.replaceChildren(...entries.map(item));
    if (!entries.length) list.append(el("p", { class: "muted" }, "Nothing here to open."));
  }
  return { node, walk: (/** @type {string|null} */ folder) => tried(() => walk(folder)), list };
}

/** @type {ReturnType<typeof browser>} */
let main;

/** @param {HTMLElement} parent */
export function makeFiles(parent) {
  const input = el("input", { type: "file", class: "hidden", id: "add-file", tabIndex: -1, "aria-label": "Add a file",
    on: { change: () => { take([...(input.files ?? [])]); input.value = ""; } } });
  const add = el("button", { type: "button", on: { click: () => input.click() } }, icon("plus"), el("span", {}, "Add a file"));
  const noise = el("button", { type: "button", id: "from-noise", "aria-pressed": "false", on: { click: fromNoise } }, "From noise");
  main = browser(MEDIA, open, (folder) => set({ folder }));
  parent.append(el("div", { class: "row" }, add, noise, input), main.node);
  enter();
  on("media noise", () => {
    noise.setAttribute("aria-pressed", String(state.noise));
    for (const one of main.list.children) {
      if (one instanceof HTMLElement) one.setAttribute("aria-pressed", String(one.dataset.id === state.media));
    }
  });
  noise.setAttribute("aria-pressed", String(state.noise));
  watchDrops();
}

/** Show the folder that was open, or the first that the studio was started with. */
async function enter() {
  const roots = state.folder ? [] : (await tried(() => get("/api/files")))?.roots ?? [];
  await main.walk(state.folder ?? roots[0]?.id ?? null);
}

/** Open a film or picture. @param {Entry} entry */
export function open(entry) {
  set({ media: entry.id, info: entry.id === state.media ? state.info : null, noise: false, frame: 0, view: "dream" });
  return loadInfo();
}

export function fromNoise() {
  set({ media: null, noise: true, info: null, frame: 0, make: ["zoom", "loop"].includes(state.make.split(":")[0]) && state.make !== "loop:film" ? state.make : "zoom" });
  tell("From noise.");
}

/** Read what the open film or picture is. */
export async function loadInfo() {
  if (!state.media) return;
  const { media } = state;
  try {
    const info = await get(`/api/media/${media}`);
    if (media !== state.media) return;
    const kind = info.kind === "film" ? "video" : "image";
    const isNew = !state.info; // a film that is opened is to become a film, whatever was made before
    const keeps = makes(info).some(([value]) => value === state.make) && !(isNew && info.kind === "film" && state.make === "zoom");
    const make = keeps ? state.make : kind;
    set(JSON.stringify(info) === JSON.stringify(state.info) ? { make } : { info, make });
    tell(`${info.name}, ${info.width} by ${info.height}${info.fps ? `, ${Number(info.fps).toFixed(2).replace(/\.?0+$/, "")} frames a second` : ""}`);
  } catch (error) {
    if (media === state.media) set({ media: null, info: null });
    alertOf(error);
  }
}

/** Send a file, and show how far it is. @param {Blob} file @param {string} name */
export async function sendFile(file, name) {
  const entry = await upload(file, name, (share) => tell(`Sending ${name}: ${Math.round(100 * share)} %`));
  tell("");
  return entry;
}

/** Take files from outside: a look is loaded, a film or picture is opened. @param {File[]} files */
async function take(files) {
  const [file] = files;
  if (!file) return;
  await tried(async () => {
    if (file.name.endsWith(".toml")) return loadLook(await file.text());
    const entry = await sendFile(file, file.name);
    if (!MEDIA.includes(entry.kind)) throw new Error(`${entry.name}: neither a film nor a picture`);
    await open(entry);
    await main.walk(state.folder);
  });
}

function watchDrops() {
  const over = (/** @type {boolean} */ is) => document.body.classList.toggle("dropping", is);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
  document.addEventListener("drop", (event) => {
    over(false);
    if (event.defaultPrevented || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

/** Let the user pick a file of some kinds in a dialog; null if none. @param {string[]} kinds @param {string} title
 * @returns {Promise<Entry|null>} */
export function pickFile(kinds, title) {
  return new Promise((resolve) => {
    /** @type {Entry|null} */
    let picked = null;
    const finish = (/** @type {Entry} */ entry) => { picked = entry; dialog.close(); };
    const input = el("input", { type: "file", class: "hidden", tabIndex: -1, "aria-label": "Add a file", on: { change: async () => {
      const file = input.files?.[0];
      const entry = file && await tried(() => sendFile(file, file.name));
      if (entry) finish(entry);
    } } });
    const found = browser(kinds, finish);
    const dialog = el("dialog", { class: "picker", "aria-label": title, on: { close: () => { dialog.remove(); resolve(picked); } } },
      el("header", {}, el("h2", {}, title), el("button", { type: "button", on: { click: () => input.click() } }, "Add a file"),
        el("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"), input), found.node);
    $("alert").before(dialog);
    dialog.showModal();
    found.walk(state.folder);
  });
}
