/** Where the API is: beside the address from which this script came, on any host and sub-path. */

/** The root of the API, without a slash at its end. */
export const API_ROOT = apiRootOf(import.meta.url)

/** @param {string} scriptUrl a script that `/assets/` serves @returns {string} */
export function apiRootOf(scriptUrl) {
  return `${scriptUrl.slice(0, scriptUrl.lastIndexOf("/assets/"))}/api/v1`
}

/** @param {string} path below the root, as `/videos/12` @returns {string} */
export function apiUrl(path) {
  return API_ROOT + path
}
