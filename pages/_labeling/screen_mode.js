/**
 * The labelling screen has two modes: this fast one, and a plain one for touch screens and narrow
 * windows. The device decides which one opens, until the user chooses.
 */

const KEY = "tpod-labelling-mode"
const NARROW_PX = 700

/** @typedef {"fast" | "plain"} Mode */

/**
 * @param {URL} address may name a mode
 * @param {string | null} chosen the mode chosen before
 * @param {{coarse: boolean, width: number}} device `coarse`: touch input without hover
 * @returns {Mode}
 */
export function modeOf(address, chosen, { coarse, width }) {
  const named = address.searchParams.get("mode")
  for (const mode of [named, chosen]) if (mode === "fast" || mode === "plain") return mode
  return coarse || width < NARROW_PX ? "plain" : "fast"
}

/** @param {URL} address @param {Mode} mode @returns {URL} */
export function withMode(address, mode) {
  const url = new URL(address)
  url.searchParams.set("mode", mode)
  return url
}

/** Open the plain mode if it fits better; true if so. */
export function leavesForPlainMode() {
  const address = new URL(location.href)
  const named = address.searchParams.get("mode")
  if (named === "fast" || named === "plain") localStorage.setItem(KEY, named)
  if (named) return false
  const device = { coarse: matchMedia("(pointer: coarse) and (hover: none)").matches, width: window.innerWidth }
  if (modeOf(address, localStorage.getItem(KEY), device) === "fast") return false
  location.replace(withMode(address, "plain"))
  return true
}

/** Open the plain mode, and remember the choice. */
export function choosePlainMode() {
  localStorage.setItem(KEY, "plain")
  location.assign(withMode(new URL(location.href), "plain"))
}
