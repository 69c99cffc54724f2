// Tiles of the operator's own map server under the outlines, which are in the same projection.
import { svg } from "./dom.js";

/**
 * Lay tiles into a group for what is seen.
 *
 * @param frame west, south, east and north in degrees, x, y and scale of metropolitan France on the drawing
 */
export function tiles(group, address, frame, width, height) {
  const [west, , , north, x, y, scale] = frame;
  const left = (west + 180) / 360;
  const top = (1 - Math.asinh(Math.tan((north * Math.PI) / 180)) / Math.PI) / 2;
  let shown = "";
  return (transform) => {
    // As many tiles as make about 256 pixels each on a screen of usual width.
    const zoom = Math.min(18, Math.max(0, Math.round(Math.log2((scale * transform.k * 0.4) / 256))));
    const count = 2 ** zoom;
    const size = scale / count;
    const first = (at, origin, shift) => Math.floor(((0 - shift) / transform.k - at) / size + origin * count);
    const last = (at, origin, shift, end) => Math.floor(((end - shift) / transform.k - at) / size + origin * count);
    const [x0, x1] = [first(x, left, transform.x), last(x, left, transform.x, width)];
    const [y0, y1] = [first(y, top, transform.y), last(y, top, transform.y, height)];
    const key = [zoom, x0, x1, y0, y1].join();
    if (key === shown || (x1 - x0 + 1) * (y1 - y0 + 1) > 200) return;
    shown = key;
    const images = [];
    for (let column = Math.max(0, x0); column <= Math.min(count - 1, x1); column += 1) {
      for (let row = Math.max(0, y0); row <= Math.min(count - 1, y1); row += 1) {
        const filled = address.replace("{z}", zoom).replace("{x}", column).replace("{y}", row);
        images.push(svg("image", {
          href: filled, x: x + (column - left * count) * size, y: y + (row - top * count) * size, width: size, height: size,
        }));
      }
    }
    group.replaceChildren(...images);
  };
}
