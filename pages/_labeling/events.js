/** Events that the labelling screen keeps from the rest of the page. */

/** @param {Event} event */
export function stopEvent(event) {
  event.stopImmediatePropagation()
}
