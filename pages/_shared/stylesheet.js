/** Adds stylesheets from scripts. */

/**
 * @typedef {object} Stylesheet
 * @property {HTMLLinkElement} link
 * @property {Promise<void>} loaded
 */

/** @param {ShadowRoot | HTMLElement} parent @param {URL} url @returns {Stylesheet} */
export function addStylesheet(parent, url) {
  const link = document.createElement("link")
  link.rel = "stylesheet"
  link.href = url.href
  /** @type {Promise<void>} */
  const loaded = new Promise((resolve, reject) => {
    link.addEventListener("load", () => resolve())
    link.addEventListener("error", () => reject(new Error(`${url.pathname} could not be loaded. Reload the page.`)))
  })
  parent.append(link)
  return { link, loaded }
}
