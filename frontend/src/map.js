// /carte: the server's drawing, with zoom, a line that says what is pointed at, and the operator's tiles if any.
import { zoomIdentity } from "d3-zoom";
import { tiles } from "./shared/tiles.js";
import { zoomable } from "./shared/zoom.js";

for (const frame of document.querySelectorAll("[data-map]")) {
  const drawing = frame.querySelector("svg");
  const said = frame.querySelector(".said");
  const { width, height } = drawing.viewBox.baseVal;
  const lay = frame.dataset.tiles
    ? tiles(drawing.querySelector(".tiles"), frame.dataset.tiles, JSON.parse(frame.dataset.frames)[0], width, height)
    : () => {};
  lay(zoomIdentity);
  zoomable(frame, drawing, drawing.querySelector("[data-zoomed]"), frame.dataset, (transform) => {
    for (const circle of drawing.querySelectorAll(".point circle")) circle.setAttribute("r", 12 / transform.k);
    lay(transform);
  });
  const tell = (event) => {
    const place = event.target.closest?.("a");
    said.hidden = !place;
    said.textContent = place ? place.getAttribute("aria-label") : "";
  };
  for (const kind of ["pointerover", "focusin"]) drawing.addEventListener(kind, tell);
  for (const kind of ["pointerleave", "focusout"]) drawing.addEventListener(kind, () => { said.hidden = true; });
}
