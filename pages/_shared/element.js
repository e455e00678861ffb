/** One maker of elements for all scripts. */

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {string | number | boolean | null | undefined} Attribute */
/**
 * Attributes, and listeners by `on` and the name of their event.
 * @typedef {{ [Event in keyof HTMLElementEventMap as `on${Event}`]?: (event: HTMLElementEventMap[Event]) => void }
 *   & { [name: string]: any }} Properties
 */

/**
 * `h("button", {class: "x", onclick: f}, "text", child)`: one element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} properties those that are false, null or undefined are left out
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
