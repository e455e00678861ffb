/** The icons of the labelling screen, as paths in a square of 24. */

/** @typedef {keyof typeof GLYPHS} IconName */

const GLYPHS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  next: "M9 6l6 6-6 6z",
  previous: "M15 6l-6 6 6 6z",
  on10: "M6 6l6 6-6 6zM13 6l6 6-6 6z",
  back10: "M18 6l-6 6 6 6zM11 6l-6 6 6 6z",
  last: "M6 6l8 6-8 6zM16 6h2v12h-2z",
  first: "M18 6l-8 6 8 6zM6 6h2v12H6z",
  keyOn: "M5 11h7V7l5 5-5 5v-4H5zM18 6h2v12h-2z",
  keyBack: "M19 11h-7V7l-5 5 5 5v-4h7zM4 6h2v12H4z",
  midpoint: "M3 6h2v12H3zM19 6h2v12h-2zM12 8l4 4-4 4-4-4z",
  worst: "M12 3l10 18H2zM11 10v5h2v-5zM11 16.500v2h2v-2z",
  unlabelled: "M4 5h6v2H6v10h4v2H4zM13 8l5 4-5 4v-3h-4v-2h4zM20 5h1.500v14H20z",
  copy: "M4 4h11v3h-2V6H6v9h1v2H4zM9 9h11v11H9zM11 11v7h7v-7z",
  zoomIn: "M10 3a7 7 0 1 0 4.200 12.600l5 5 1.400-1.400-5-5A7 7 0 0 0 10 3zM10 5a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM9 7h2v2h2v2h-2v2H9v-2H7V9h2z",
  zoomOut: "M10 3a7 7 0 1 0 4.200 12.600l5 5 1.400-1.400-5-5A7 7 0 0 0 10 3zM10 5a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM7 9h6v2H7z",
  eye: "M12 6C7 6 3.500 9.500 2 12c1.500 2.500 5 6 10 6s8.500-3.500 10-6c-1.500-2.500-5-6-10-6zM12 8.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7z",
  eyeOff: "M4 3.500L20.500 20 19 21.500l-3.300-3.300A11 11 0 0 1 12 18c-5 0-8.500-3.500-10-6a15 15 0 0 1 4-4.300L2.500 5zM12 6c5 0 8.500 3.500 10 6a15 15 0 0 1-2.800 3.300L8.600 6.600A10 10 0 0 1 12 6z",
  locked: "M7 10V8a5 5 0 0 1 10 0v2h1v10H6V10zM9 10h6V8a3 3 0 0 0-6 0z",
  unlocked: "M7 10V7a5 5 0 0 1 9.800-1.400l-1.900.600A3 3 0 0 0 9 7v3h9v10H6V10zM8 12v6h8v-6z",
  check: "M9.500 17.500L4 12l1.500-1.500 4 4 9-9L20 7z",
  cross: "M6.500 5L12 10.500 17.500 5 19 6.500 13.500 12l5.500 5.500-1.500 1.500L12 13.500 6.500 19 5 17.500 10.500 12 5 6.500z",
  undo: "M10 6v4c6 0 9 3 10 8-2-3-5-4-10-4v4l-7-6z",
  redo: "M14 6v4c-6 0-9 3-10 8 2-3 5-4 10-4v4l7-6z",
  back: "M14 5l-7 7 7 7 1.5-1.5L10 12l5.500-5.500z",
  help: "M11 17h2v2h-2zM12 4a5 5 0 0 0-5 5h2a3 3 0 1 1 4.600 2.500C12.400 12.300 11 13.200 11 15.500h2c0-1.500.8-2 1.900-2.700A5 5 0 0 0 12 4z",
}

/** @param {IconName} name @returns {SVGSVGElement} */
export function glyph(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.innerHTML = `<path fill-rule="evenodd" d="${GLYPHS[name]}"/>`
  return svg
}
