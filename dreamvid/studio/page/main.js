// @ts-check
/** The page: it makes the parts, and shows the view that is open. */
import { get } from "./api.js";
import { $, alertOf } from "./dom.js";
import { makeCamera } from "./camera.js";
import { makeCurves } from "./curves.js";
import { makeDials } from "./dials.js";
import { loadInfo, makeFiles } from "./files.js";
import { makeGallery } from "./gallery.js";
import { watchKeys } from "./keys.js";
import { makeLooks } from "./looks.js";
import { makeMask } from "./mask.js";
import { watchPreviews } from "./preview.js";
import { makeQueue } from "./queue.js";
import { loadSchema } from "./schema.js";
import { makeScrub } from "./scrub.js";
import { makeStage } from "./stage.js";
import { fromHash, on, set, state } from "./state.js";
import { makeStrip } from "./strip.js";

function showView() {
  document.body.dataset.view = state.view;
  document.body.dataset.panel = state.panel;
  if (state.panel !== "dials") document.body.dataset.side = state.panel;
  for (const name of ["dream", "queue", "gallery"]) $(name).hidden = name !== state.view;
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("nav [data-to]"))) {
    if (link.dataset.to === state.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-show]"))) {
    const isSide = button.parentElement?.className === "tabs";
    button.setAttribute("aria-pressed", String(button.dataset.show === (isSide ? document.body.dataset.side : state.panel)));
  }
}

async function begin() {
  const [{ local }] = await Promise.all([get("/api/state"), loadSchema()]);
  const centre = $("centre");
  makeStage(centre);
  makeScrub(centre);
  makeStrip(centre, $("strip-slot"));
  makeCurves(centre);
  makeMask($("tool-slot"));
  makeCamera($("tool-slot"));
  makeDials($("right"));
  makeFiles($("source"));
  makeLooks($("presets"), $("layers"));
  makeQueue($("queue"));
  makeGallery($("gallery"), local);
  watchKeys();
  on("view panel", showView);
  showView();
  addEventListener("hashchange", () => {
    const found = fromHash();
    const isOther = found.media && found.media !== state.media;
    set(isOther ? { ...found, info: null } : found);
    if (isOther) loadInfo();
  });
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-show]"))) {
    button.addEventListener("click", () => set({ panel: button.dataset.show }));
  }
  watchPreviews();
  await loadInfo();
  document.body.dataset.ready = "yes";
}

begin().catch(alertOf);
