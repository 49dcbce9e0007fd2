// @ts-check
/** The foot of the dials: a name, and the button that queues. */
import { post } from "./api.js";
import { el, tell, tried } from "./dom.js";
import { checkedNow, isOpen, previews } from "./preview.js";
import { sent } from "./schema.js";
import { command, on, state } from "./state.js";

const name = el("input", { type: "text", id: "name", "aria-label": "Name of the film", autocomplete: "off", spellcheck: false,
  on: { keydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") queueIt(); } } });
const button = el("button", { type: "button", class: "main", id: "queue-it", title: "Queue (Ctrl+Enter)", on: { click: () => queueIt() } }, "Queue");

export function makeQueueing() {
  const update = () => {
    const stem = state.info?.name?.replace(/\.[^.]*$/, "") ?? "noise";
    const suffix = command() === "image" ? "png" : "mp4";
    name.placeholder = `${stem}.dream.${suffix}`;
    button.disabled = !isOpen() || checkedNow.ok === false;
  };
  on("media noise info make", update);
  previews.addEventListener("checked", update);
  update();
  return el("div", { class: "panel-foot" }, name, button);
}

/** Queue what is open with the settings that are shown. */
export function queueIt() {
  if (!isOpen()) return tell("Open a film or picture first.");
  return tried(async () => {
    const given = name.value.trim();
    const job = await post("/api/jobs", { command: command(), settings: sent(), media: state.noise ? null : state.media,
      ...(given ? { name: given } : {}) });
    name.value = "";
    tell(`Queued: ${job.output_name}`);
  });
}
