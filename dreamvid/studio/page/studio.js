// A bare page that proves the API: pick a file, turn six dials, see the dream, queue it, watch it.
const $ = (id) => document.getElementById(id);

async function api(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error);
  return value;
}

let media = null, info = null, abort = null;
const settings = { network: { model: ["bestiary"] } };

async function listFiles() {
  const { roots } = await api("/api/files");
  $("files").replaceChildren();
  for (const root of roots) {
    const { entries } = await api(`/api/files/${root.id}`);
    for (const entry of entries.filter((one) => ["film", "picture"].includes(one.kind))) {
      $("files").append(new Option(`${root.name}/${entry.name}`, entry.id));
    }
  }
}

async function pick(id) {
  media = id;
  info = await api(`/api/media/${id}`);
  $("frame").max = Math.max(0, (info.frames || 1) - 1);
  await preview();
}

const command = () => (info && info.kind === "film" ? "video" : "image");

async function preview() {
  if (!media) return;
  abort?.abort();
  abort = new AbortController();
  const body = {
    command: command(), settings: forCommand(), media, frame: Number($("frame").value),
    frames: info.frames || 1, rate: info.rate || "25", width: 320,
  };
  try {
    const answer = await fetch("/api/preview", {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify(body), signal: abort.signal,
    });
    let rest = "";
    const decoder = new TextDecoder();
    for await (const piece of answer.body) {
      rest += decoder.decode(piece, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop();
      for (const line of lines) show(JSON.parse(line));
    }
  } catch (error) {
    if (error.name !== "AbortError") $("told").value = error.message;
  }
}

function show(event) {
  if (event.jpeg) $("picture").src = `data:image/jpeg;base64,${event.jpeg}`;
  $("told").value = event.text || event.error ||
    (event.octaves ? `octave ${event.octave} of ${event.octaves}` : event.event);
}

function forCommand() {
  const { motion, ...rest } = settings;
  return command() === "video" ? settings : rest;
}

async function makeDials() {
  const { commands } = await api("/api/schema");
  const tables = Object.fromEntries(commands.video.tables.map((one) => [one.table, one.dials]));
  for (const field of commands.video.first) {
    const [table, name] = field.split(".");
    const dial = tables[table].find((one) => one.name === name);
    const input = document.createElement("input");
    const isRange = dial.kind === "number";
    Object.assign(input, isRange
      ? { type: "range", min: dial.min, max: dial.max, step: 0.05, value: dial.default }
      : { type: "text", value: dial.many ? dial.default.join(" ") : dial.default ?? "" });
    input.addEventListener("change", () => {
      const text = input.value.trim();
      const value = dial.many ? text.split(/\s+/).filter(Boolean) : text === "" ? null : Number(text);
      (settings[table] ??= {})[name] = value;
      preview();
    });
    const label = document.createElement("label");
    label.title = dial.help;
    label.append(dial.label, input);
    $("dials").append(label);
  }
}

function watchJobs() {
  new EventSource("/api/events").addEventListener("jobs", ({ data }) => {
    const rows = JSON.parse(data).jobs.map((job) => {
      const row = document.createElement("li");
      row.textContent = `${job.output_name}: ${job.state} ${job.done}/${job.total ?? "?"} ${job.error}`;
      if (job.newest) {
        const picture = new Image(160);
        picture.alt = "The newest frame";
        picture.src = `/api/jobs/${job.id}/newest?${job.newest}`;
        row.append(picture);
      }
      return row;
    });
    $("jobs").replaceChildren(...rows);
  });
}

$("files").addEventListener("change", () => pick($("files").value));
$("frame").addEventListener("change", preview);
$("render").addEventListener("click", () =>
  api("/api/jobs", { command: command(), settings: forCommand(), media })
    .catch((error) => { $("told").value = error.message; }));
$("drop").addEventListener("change", async () => {
  const [file] = $("drop").files;
  const answer = await fetch("/api/uploads", {
    method: "POST", body: file,
    headers: { "content-type": "application/octet-stream", "x-file-name": encodeURIComponent(file.name) },
  });
  const entry = await answer.json();
  if (!answer.ok) { $("told").value = entry.error; return; }
  await listFiles();
  await pick(entry.id);
});

await listFiles();
await makeDials();
watchJobs();
