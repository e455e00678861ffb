/** Sends one entry of the operation queue, and interprets the answer. */

/** @typedef {import("./queue_records.js").Entry} Entry */
/**
 * @typedef {{kind: "saved", revision: number, tracks: Record<string, number>, frame: number | null,
 *   what: string}} Saved
 * @typedef {{kind: "later", pauseMs: number | null}} Later it is unknown whether the edit was done; try again
 * @typedef {{kind: "stopped", why: "signed_out" | "no_access" | "other_user", sentence: string}} Stopped
 * @typedef {{kind: "rejected", state: "conflict" | "refused", sentence: string}} Rejected
 * @typedef {{kind: "nothing", sentence: string}} Nothing there is nothing to undo or redo
 * @typedef {Saved | Later | Stopped | Rejected | Nothing} Outcome
 */
/** @typedef {(url: string, options?: RequestInit) => Promise<Response>} Fetch */

const TRANSIENT = new Set([408, 425, 429])
const CONFLICTS = new Set(["edit_conflict", "too_old"])

/**
 * @param {Fetch} fetch
 * @param {string} api the root of the API
 * @param {Entry} entry
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
export async function sendEntry(fetch, api, entry, signal) {
  const { batch, userId: user_id, revision, ops, kind } = entry
  const isEdit = kind === "edit"
  const url = `${api}/videos/${entry.videoId}/annotations${isEdit ? "" : `/${kind}`}`
  const body = JSON.stringify(isEdit ? { batch, user_id, revision, ops } : { batch, user_id })
  const headers = { "Content-Type": "application/json" }
  try {
    const response = await fetch(url, { method: isEdit ? "PATCH" : "POST", headers, body, signal })
    return await outcomeOf(response, isEdit)
  } catch {
    // No connection, or an incomplete answer: only a retry can tell.
    return { kind: "later", pauseMs: null }
  }
}

/** @param {Response} response @param {boolean} isEdit @returns {Promise<Outcome>} */
async function outcomeOf(response, isEdit) {
  const { status } = response
  if (status >= 500 || TRANSIENT.has(status)) return { kind: "later", pauseMs: retryAfterMs(response) }
  const answer = await response.json()
  if (response.ok) return savedOf(answer)
  const { code, message } = answer.error
  if (status === 401) return { kind: "stopped", why: "signed_out", sentence: message }
  if (status === 403) return { kind: "stopped", why: "no_access", sentence: message }
  if (code === "other_user") return { kind: "stopped", why: "other_user", sentence: message }
  if (CONFLICTS.has(code)) return { kind: "rejected", state: "conflict", sentence: message }
  if (code === "conflict" && !isEdit) return { kind: "nothing", sentence: message }
  return { kind: "rejected", state: "refused", sentence: message }
}

/** @param {{revision: unknown, tracks?: Record<string, number>, frame?: number | null, what?: string}} answer @returns {Outcome} */
function savedOf({ revision, tracks = {}, frame = null, what = "" }) {
  // A proxy or a network's sign-in page may answer 200 with other content.
  if (typeof revision !== "number") return { kind: "later", pauseMs: null }
  return { kind: "saved", revision, tracks, frame, what }
}

/** @param {Response} response */
function retryAfterMs(response) {
  const seconds = Number(response.headers.get("Retry-After"))
  return seconds > 0 ? seconds * 1000 : null
}
