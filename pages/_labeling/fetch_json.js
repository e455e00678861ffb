/** Answers of the API that may fail to come. */

/**
 * The answer's body, or null where there is none.
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function fetchJson(url, options) {
  try {
    const answer = await fetch(url, options)
    return answer.ok ? await answer.json() : null
  } catch {
    return null // Offline: the outbox says so where it matters.
  }
}
