// @ts-check
/** A dialog that plays a result; a film that the browser cannot play is made playable by the server. */
import { $, el, tell } from "./dom.js";

/** @param {string} id @param {string} name @param {string} kind */
export function openPlayer(id, name, kind) {
  const isPicture = kind === "picture";
  const note = el("p", { class: "muted", role: "status" });
  const video = isPicture ? el("img", { src: `/api/media/${id}/file`, alt: name })
    : el("video", { src: `/api/media/${id}/file`, controls: true, autoplay: true, loop: true, "aria-label": name });
  if (video instanceof HTMLVideoElement) {
    video.addEventListener("error", () => {
      if (video.src.endsWith("/play")) {
        note.textContent = "This film cannot be played here; open its folder.";
        return;
      }
      note.textContent = "The browser cannot play this file: a copy for the page is being made.";
      video.src = `/api/media/${id}/play`;
      video.addEventListener("loadeddata", () => { note.textContent = ""; }, { once: true });
    });
  }
  const dialog = el("dialog", { class: "player", "aria-label": name, on: { close: () => { dialog.remove(); tell(""); } } },
    el("header", {}, el("h2", {}, name),
      el("a", { href: `/api/media/${id}/file`, download: name, class: "button" }, "Download"),
      el("button", { type: "button", on: { click: () => dialog.close() } }, "Close")), video, note);
  $("alert").before(dialog);
  dialog.showModal();
}
