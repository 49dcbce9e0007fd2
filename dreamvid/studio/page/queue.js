// @ts-check
/** The queue: what runs, what waits and what is over, with the newest frame of each. */
import { get, post, thumbOf } from "./api.js";
import { $, clock, el, iconButton, size, tell, tried } from "./dom.js";
import { openPlayer } from "./player.js";
import { useLook } from "./share.js";
import { set } from "./state.js";
import { loadInfo } from "./files.js";

/** @typedef {{id: string, command: string, state: string, source_name: string|null, output_name: string, output: string|null,
 *   created: number, started: number|null, ended: number|null, error: string, what: string, done: number, total: number|null,
 *   seconds_each: number|null, seconds_left: number|null, newest: number|null}} Job */
/** @type {Map<string, ReturnType<typeof makeRow>>} */
const rows = new Map();
/** @type {Job[]} */
let jobs = [];
const list = el("ol", { class: "jobs", "aria-label": "Jobs" });
const disk = el("span", { class: "muted" });
const empty = el("p", { class: "muted" }, "Nothing is queued. Tune a dream, then press Queue.");
/** Calls when a job has ended, with its name. @type {(() => void)[]} */
const ends = [];
export const onEnd = (/** @type {() => void} */ call) => void ends.push(call);

/** @param {HTMLElement} page */
export function makeQueue(page) {
  const clear = el("button", { type: "button", on: { click: () => tried(async () => {
    for (const job of jobs.filter((one) => ["done", "stopped"].includes(one.state))) show(await post(`/api/jobs/${job.id}`, { action: "remove" }));
  }) } }, "Remove what is over");
  page.append(el("header", {}, el("h2", {}, "Queue"), disk, el("span", { class: "space" }), clear), list, empty);
  const events = new EventSource("/api/events");
  events.addEventListener("jobs", (event) => show(JSON.parse(event.data)));
  events.onerror = () => { $("running").dataset.lost = "yes"; };
  events.onopen = () => { delete $("running").dataset.lost; };
}

/** @param {string} id @param {string} action @param {string|null} [before] */
const act = (id, action, before = null) => tried(async () => {
  show(await post(`/api/jobs/${id}`, { action, before }));
  if (action === "move") rows.get(id)?.node.focus();
});

/** @param {{jobs: Job[], disk_left: number}} news */
function show(news) {
  const was = new Map(jobs.map((one) => [one.id, one.state]));
  jobs = news.jobs;
  disk.textContent = `${size(news.disk_left)} left on the disk`;
  empty.hidden = jobs.length > 0;
  for (const [id, row] of rows) if (!jobs.some((one) => one.id === id)) { row.node.remove(); rows.delete(id); }
  jobs.forEach((job, k) => {
    let row = rows.get(job.id);
    if (!row) rows.set(job.id, row = makeRow(job.id));
    if (list.children[k] !== row.node) list.insertBefore(row.node, list.children[k] ?? null);
    row.update(job);
    const before = was.get(job.id);
    if (before === "running" && ["done", "failed"].includes(job.state)) {
      tell(`${job.output_name}: ${job.state}`);
      ends.forEach((call) => call());
    }
  });
  headline();
}

/** What runs, in the header of every view. */
function headline() {
  const waiting = jobs.filter((one) => ["queued", "running", "paused"].includes(one.state)).length;
  $("queue-count").textContent = waiting ? String(waiting) : "";
  const running = jobs.find((one) => ["running", "paused"].includes(one.state));
  const link = $("running");
  link.hidden = !running;
  if (!running) return;
  const share = running.total ? Math.round(100 * running.done / running.total) : 0;
  link.style.setProperty("--share", `${share}%`);
  link.textContent = `${running.output_name}  ${share} %${running.seconds_left ? `  ${clock(running.seconds_left)} left` : ""}`;
  link.title = running.state;
}

/** @param {Job} job */
function progressText(job) {
  const parts = [];
  if (job.total && job.state !== "done") parts.push(`${job.done} of ${job.total}${job.what ? ` (${job.what})` : ""}`);
  if (job.state === "running" && job.seconds_each) parts.push(`${(1 / job.seconds_each).toFixed(1)} frames a second`);
  if (job.state === "running" && job.seconds_left !== null) parts.push(`${clock(job.seconds_left)} left`);
  if (job.ended && job.started) parts.push(`took ${clock(job.ended - job.started)}`);
  return parts.join(", ");
}

/** @param {string} id */
function makeRow(id) {
  /** @type {Job} */
  let job;
  const face = el("img", { alt: "", class: "newest" });
  const frame = el("button", { type: "button", class: "face", "aria-label": "Play", on: { click: () => job.output && openPlayer(job.output, job.output_name, job.command === "image" ? "picture" : "film") } }, face);
  const title = el("h3");
  const label = el("span", { class: "state" });
  const what = el("span", { class: "muted tabular" });
  const bar = el("progress", { max: 1, "aria-label": "Progress" });
  const error = el("p", { class: "fault" });
  const button = (/** @type {string} */ text, /** @type {() => void} */ call) => el("button", { type: "button", on: { click: call } }, text);
  const buttons = {
    play: button("Play", () => frame.click()), pause: button("Pause", () => act(id, "pause")), resume: button("Resume", () => act(id, "resume")),
    stop: button("Stop", () => act(id, "stop")), retry: button("Retry", () => act(id, "retry")),
    use: button("Use these settings", () => tried(async () => {
      useLook(await get(`/api/jobs/${id}/settings`));
      set({ view: "dream" });
      await loadInfo();
    })),
    remove: button("Remove", () => act(id, "remove")),
  };
  const up = iconButton("up", "Move up (Alt+Up)", () => move(-1));
  const down = iconButton("down", "Move down (Alt+Down)", () => move(1));
  const lines = el("pre", { tabIndex: 0, "aria-label": "Log" });
  const log = el("details", { class: "log", on: { toggle: readLog } }, el("summary", {}, "Log"), lines);
  const node = el("li", { class: "job", tabIndex: -1, on: { keydown: (/** @type {KeyboardEvent} */ event) => {
    const way = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : 0;
    if (!way) return;
    event.preventDefault();
    move(way);
  } } }, frame, el("div", { class: "about" }, el("div", { class: "line" }, title, label, what), bar, error,
    el("div", { class: "row" }, ...Object.values(buttons), up, down), log));
  dragRow(node, () => job);

  /** @param {number} way */
  function move(way) {
    const waiting = jobs.filter((one) => one.state === "queued");
    const at = waiting.findIndex((one) => one.id === id);
    const to = at + way;
    if (at < 0 || to < 0 || to >= waiting.length) return;
    act(id, "move", way < 0 ? waiting[to].id : waiting[to + 1]?.id ?? null);
  }
  async function readLog() {
    if (!log.open) return;
    const found = await tried(() => get(`/api/jobs/${id}/log`));
    lines.textContent = found?.lines.join("\n") || "Nothing yet.";
    lines.scrollTop = lines.scrollHeight;
  }
  /** @param {Job} next */
  function update(next) {
    job = next;
    const is = (/** @type {string[]} */ ...states) => states.includes(job.state);
    title.textContent = job.output_name;
    label.textContent = job.state;
    node.dataset.state = job.state;
    node.dataset.id = id;
    what.textContent = progressText(job);
    node.draggable = is("queued");
    bar.hidden = !is("running", "paused");
    if (job.total) bar.value = job.done / job.total;
    else bar.removeAttribute("value");
    error.textContent = job.error;
    error.hidden = !job.error;
    const src = job.newest ? `/api/jobs/${id}/newest?${job.newest}` : job.output ? thumbOf(job.output) : "";
    if (src && face.getAttribute("src") !== src) face.src = src;
    frame.disabled = buttons.play.hidden = !(is("done") && job.output);
    buttons.pause.hidden = !is("running");
    buttons.resume.hidden = !is("paused");
    buttons.stop.hidden = !is("running", "paused", "queued");
    buttons.retry.hidden = !is("stopped", "failed");
    buttons.remove.hidden = is("running", "paused");
    up.hidden = down.hidden = !is("queued") || jobs.filter((one) => one.state === "queued").length < 2;
    readLog();
  }
  return { node, update };
}

/** @param {HTMLElement} node @param {() => Job} jobOf */
function dragRow(node, jobOf) {
  const KIND = "application/x-dreamvid-job";
  node.addEventListener("dragstart", (event) => event.dataTransfer?.setData(KIND, jobOf().id));
  node.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes(KIND) || jobOf().state !== "queued") return;
    event.preventDefault();
    node.classList.add("over");
  });
  node.addEventListener("dragleave", () => node.classList.remove("over"));
  node.addEventListener("drop", (event) => {
    node.classList.remove("over");
    const moved = event.dataTransfer?.getData(KIND);
    if (!moved || moved === jobOf().id) return;
    event.preventDefault();
    const waiting = jobs.filter((one) => one.state === "queued").map((one) => one.id);
    const isBelow = waiting.indexOf(moved) < waiting.indexOf(jobOf().id);
    act(moved, "move", isBelow ? waiting[waiting.indexOf(jobOf().id) + 1] ?? null : jobOf().id);
  });
}
