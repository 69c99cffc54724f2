// Zoom by buttons, by Ctrl and the wheel, by two fingers; a page still scrolls with one finger or the wheel alone.
import { select } from "d3-selection";
import { zoom as zooming, zoomIdentity } from "d3-zoom";
import { el } from "./dom.js";

/** Make the group of a drawing move and grow; `words` name the buttons, `changed` is told each transform. */
export function zoomable(frame, drawing, group, words, changed = () => {}) {
  let scale = 1;
  const behaviour = zooming()
    .scaleExtent([1, 24])
    .filter((event) => {
      if (event.type === "wheel") return event.ctrlKey || event.metaKey;
      if (event.type.startsWith("touch")) return event.touches.length > 1 || scale > 1;
      return event.type === "dblclick" ? false : !event.button;
    })
    .on("zoom", ({ transform }) => {
      scale = transform.k;
      drawing.classList.toggle("zoomed", scale > 1);
      group.setAttribute("transform", transform.toString());
      changed(transform);
    });
  const box = drawing.viewBox.baseVal;
  behaviour.translateExtent([[box.x, box.y], [box.x + box.width, box.y + box.height]]);
  const target = select(drawing).call(behaviour);
  const button = (sign, label, act) => el("button", { type: "button", "aria-label": label, title: label, onclick: act }, sign);
  frame.append(el("div", { class: "zoom" },
    button("+", words.in, () => target.call(behaviour.scaleBy, 1.6)),
    button("−", words.out, () => target.call(behaviour.scaleBy, 1 / 1.6)),
    button("⤢", words.reset, () => target.call(behaviour.transform, zoomIdentity)),
  ));
}
