// Small makers of elements, icons and canvases, used by every other part.

// A 2D context in CSS pixels, as sharp as the screen.
function sharp(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1
  const [w, h_] = [Math.round(width * ratio), Math.round(height * ratio)]
  if (canvas.width !== w || canvas.height !== h_) {
    canvas.width = w
    canvas.height = h_
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
  }
  const context = canvas.getContext("2d")
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  return context
}

// h("button", {class: "x", onclick: f}, "text", child): one element.
function h(tag, props = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else if (name === "value" || name === "checked") element[name] = value
    else element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false))
  return element
}

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
  undo: "M10 6v4c6 0 9 3 10 8-2-3-5-4-10-4v4l-7-6z",
  redo: "M14 6v4c-6 0-9 3-10 8 2-3 5-4 10-4v4l7-6z",
  back: "M14 5l-7 7 7 7 1.5-1.5L10 12l5.500-5.500z",
  help: "M11 17h2v2h-2zM12 4a5 5 0 0 0-5 5h2a3 3 0 1 1 4.600 2.500C12.400 12.300 11 13.200 11 15.500h2c0-1.500.8-2 1.900-2.700A5 5 0 0 0 12 4z",
}

function glyph(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.innerHTML = `<path d="${GLYPHS[name]}"/>`
  return svg
}
