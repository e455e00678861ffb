/**
 * Uploads a file to the API by the tus protocol (tus.io). After a lost connection, the upload
 * resumes where it stopped; so does a file that is chosen again after a reload of the page.
 */

import "../_shared/vendor/tus.min.js"
import { apiUrl } from "../_shared/api.js"

const { DetailedError, Upload } = globalThis.tus

const RETRY_DELAYS_MS = Array(80).fill(1500) // two minutes without progress
/** 0 means no answer; with 409 the server is still busy with what it was sent before. */
const TRANSIENT = [0, 408, 409, 423, 429]
const DISK_FULL = 507
/** The states of a video that has no file. */
const EMPTY = ["created", "uploading"]
const LOST = "The connection broke before the file had arrived. Choose it again to resume."
const GIVEN_UP = "The upload failed. Upload the file again."

/** @typedef {import("tus-js-client").Upload} TusUpload */
/**
 * @typedef {object} Progress the listener of an upload
 * @property {boolean} cancelled whether the user has cancelled
 * @property {() => void} onCancel called when the user cancels
 * @property {(offset: number) => void} begin sending starts at this offset
 * @property {(sent: number, total: number) => void} progress
 * @property {(words: string) => void} say
 * @property {() => void} finish
 * @property {(sentence: string) => void} fail
 */

/**
 * Create a video from a file, or resume its upload. `row` reports the outcome.
 * @param {File} file
 * @param {Progress} row
 * @returns {Promise<void>}
 */
export async function sendVideo(file, row) {
  const endpoint = apiUrl("/uploads")
  const fingerprint = async () => `${endpoint} ${file.name} ${file.size} ${file.lastModified}`
  const upload = new Upload(file, { fingerprint, retryDelays: RETRY_DELAYS_MS, removeFingerprintOnSuccess: true })
  const [kept] = await upload.findPreviousUploads()
  let video = kept?.metadata.video_id
  try {
    if (kept) upload.resumeFromPreviousUpload(kept)
    else {
      video = await createVideo(file.name)
      Object.assign(upload.options, { endpoint, metadata: { video_id: video, filename: file.name } })
    }
    await finished(upload, row)
    row.finish()
  } catch (problem) {
    const status = problem instanceof DetailedError ? statusOf(problem) : null
    if (status === 404 && (await hasArrived(video))) return row.finish()
    if (status === 404 && kept) return sendVideo(file, row)
    row.fail(sentenceFor(problem))
    if (video && !isTransient(status)) await discard(video)
  }
}

/**
 * Remove a video whose file was refused or cancelled: its card would have neither a file nor labels.
 * One whose file the server has stays, whatever was answered.
 * @param {string} video
 */
async function discard(video) {
  if (EMPTY.includes(await stateOf(video))) await fetch(apiUrl(`/videos/${video}`), { method: "DELETE" }).catch(() => null)
}

/** @param {string} filename @returns {Promise<string>} the id of a new video */
async function createVideo(filename) {
  const answer = await fetch(apiUrl("/videos"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: filename.replace(/\.[^.]+$/, "") || filename, labels: [] }),
  })
  if (!answer.ok) throw new Error(sentenceOf(await answer.text()))
  return String((await answer.json()).id)
}

/** @param {TusUpload} upload @param {Progress} row @returns {Promise<void>} */
function finished(upload, row) {
  return new Promise((resolve, reject) => {
    if (row.cancelled) throw new Error("Cancelled.")
    row.onCancel = () => {
      upload.abort()
      reject(new Error("Cancelled."))
    }
    Object.assign(upload.options, /** @type {import("tus-js-client").UploadOptions} */ ({
      onBeforeRequest: (request) => {
        if (request.getMethod() === "PATCH") row.begin(Number(request.getHeader("Upload-Offset")))
      },
      // With an endpoint, a proxy's 502 would restart the upload from the first byte.
      onUploadUrlAvailable: () => Object.assign(upload.options, { endpoint: null }),
      onShouldRetry: (problem) => {
        if (isTransient(statusOf(problem))) row.say("connection lost, trying again …")
        return isTransient(statusOf(problem))
      },
      onProgress: (sent, total) => row.progress(sent, total),
      onSuccess: () => resolve(),
      onError: reject,
    }))
    upload.start()
  })
}

/** Whether the file has arrived and only the last answer was lost. @param {string | undefined} video */
async function hasArrived(video) {
  const state = await stateOf(video)
  return state !== "" && !EMPTY.includes(state)
}

/** The state of a video; empty if it cannot be known. @param {string | undefined} video @returns {Promise<string>} */
async function stateOf(video) {
  const answer = await fetch(apiUrl(`/videos/${video}/status`)).catch(() => null)
  return answer?.ok ? (await answer.json()).state : ""
}

/** @param {import("tus-js-client").DetailedError} problem */
function statusOf(problem) {
  return problem.originalResponse?.getStatus() ?? 0
}

/** Whether a retry may succeed. @param {number | null} status */
function isTransient(status) {
  return status !== null && (TRANSIENT.includes(status) || (status >= 500 && status !== DISK_FULL))
}

/** @param {unknown} problem @returns {string} */
function sentenceFor(problem) {
  if (!(problem instanceof DetailedError)) return problem instanceof Error ? problem.message : String(problem)
  const body = problem.originalResponse?.getBody()
  if (body) return sentenceOf(body)
  return isTransient(statusOf(problem)) ? LOST : GIVEN_UP
}

/** The message in the body of an error. @param {string} body @returns {string} */
export function sentenceOf(body) {
  try {
    return JSON.parse(body).error.message
  } catch {
    return "The server did not answer as expected. Try again."
  }
}
