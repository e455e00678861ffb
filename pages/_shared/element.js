/** Creates HTML elements. */

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {string | number | boolean | null | undefined} Attribute */
/**
 * Attributes, and listeners named `on` plus the event.
 * @typedef {{ [Event in keyof HTMLElementEventMap as `on${Event}`]?: (event: HTMLElementEventMap[Event]) => void }
 *   & { [name: string]: any }} Properties
 */

/**
 * Create an element: `h("button", {class: "x", onclick: f}, "text", child)`.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} properties false, null and undefined are left out
 * @param {(Child | Child[])[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else if (name === "value" || name === "checked") Object.assign(element, { [name]: value })
    else element.setAttribute(name, value === true ? "" : value)
  }
  for (const child of children.flat()) if (child || child === "") element.append(child)
  return element
}
