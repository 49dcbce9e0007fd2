// @ts-check
/** The look as text: settings file and command line to copy, a file to share, and one to load. */
import { post } from "./api.js";
import { $, el, tell, tried } from "./dom.js";
import { checkNow, checkedNow } from "./preview.js";
import { makes } from "./schema.js";
import { edit, set, state } from "./state.js";

/** @param {string} text */
export async function copy(text) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else { // not on a secure origin: another machine by its name
    const box = el("textarea", { value: text, class: "hidden" });
    (document.querySelector("dialog[open]") ?? document.body).append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  tell("Copied.");
}

/** Put settings into the dials, with what they make and on what.
 * @param {{command: string, settings: any, media?: string|null}} look */
export function useLook({ command, settings, media }) {
  const kind = settings.loop?.kind;
  const wanted = command === "loop" ? `loop:${kind ?? "zoom"}` : command;
  const given = structuredClone(settings);
  if (given.loop) delete given.loop.kind;
  set({ region: -1, curve: null, tool: "" });
  if (media) set({ media, noise: false, info: null, frame: 0, make: wanted });
  else if (given.clip?.from_noise) set({ media: null, noise: true, info: null, frame: 0, make: wanted });
  else if (makes().some(([value]) => value === wanted)) set({ make: wanted });
  edit("look", (all) => {
    for (const key of Object.keys(all)) delete all[key];
    Object.assign(all, given);
  });
}

/** @param {string} toml */
export async function loadLook(toml) {
  useLook(await post("/api/settings/read", { toml }));
  tell("The look is loaded.");
}

/** @param {string} text @param {string} name */
function save(text, name) {
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "application/toml" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export async function openShare() {
  await checkNow(); // the last change may still be on its way
  const { ok, toml = "", command_line: line = "", flags_say_all: all = true } = checkedNow;
  const input = el("input", { type: "file", accept: ".toml", class: "hidden", tabIndex: -1, "aria-label": "Load a look", on: { change: () => tried(async () => {
    const file = input.files?.[0];
    if (!file) return;
    await loadLook(await file.text());
    dialog.close();
  }) } });
  const pasted = el("textarea", { rows: 3, spellcheck: false, "aria-label": "A settings file, pasted", placeholder: "Paste a settings file here" });
  const button = (/** @type {string} */ text, /** @type {() => void} */ call) => el("button", { type: "button", on: { click: call } }, text);
  const name = `${state.info?.name?.replace(/\.[^.]*$/, "") ?? "dream"}.look.toml`;
  const dialog = el("dialog", { class: "share", "aria-label": "Look", on: { close: () => dialog.remove() } },
    el("header", {}, el("h2", {}, "Look"), button("Close", () => dialog.close())),
    el("h3", {}, "Settings file"),
    el("pre", { tabIndex: 0, "aria-label": "Settings file" }, ok && toml ? toml : "Open a film or picture, with valid settings."),
    el("div", { class: "row" }, button("Copy", () => tried(() => copy(toml))), button("Save as a file", () => save(toml, name)),
      button("Load a file", () => input.click()), input),
    el("h3", {}, "Command line"),
    el("pre", { tabIndex: 0, "aria-label": "Command line" }, line),
    !all && el("p", { class: "muted" }, "Regions and envelopes need the settings file: add --settings FILE."),
    el("div", { class: "row" }, button("Copy", () => tried(() => copy(line)))),
    el("h3", {}, "From text"), pasted,
    el("div", { class: "row" }, button("Use it", () => tried(async () => { await loadLook(pasted.value); dialog.close(); }))));
  $("alert").before(dialog);
  dialog.showModal();
}
