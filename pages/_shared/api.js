/** The URL of the API, derived from the URL of this script, for any host and sub-path. */

/** The root of the API, without a trailing slash. */
export const API_ROOT = apiRootOf(import.meta.url)

/** @param {string} scriptUrl of a script below `/assets/` @returns {string} */
export function apiRootOf(scriptUrl) {
  return `${scriptUrl.slice(0, scriptUrl.lastIndexOf("/assets/"))}/api/v1`
}

/** @param {string} path below the root, such as `/videos/12` @returns {string} */
export function apiUrl(path) {
  return API_ROOT + path
}
