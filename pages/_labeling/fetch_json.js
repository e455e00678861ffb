/** Fetches JSON that may be unavailable. */

/**
 * The parsed body, or null on failure.
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function fetchJson(url, options) {
  try {
    const answer = await fetch(url, options)
    return answer.ok ? await answer.json() : null
  } catch {
    return null // Offline: the banner says so.
  }
}
