/**
 * One file on its way to the API, by the tus protocol (tus.io): after a cut connection it asks
 * how much has arrived and goes on from there. A file is never read into memory: the browser
 * streams it from disk.
 */

import { apiUrl } from "../_shared/api.js"

const TUS = { "Tus-Resumable": "1.0.0" }
const BYTES = "application/offset+octet-stream"
const RETRY_MS = 1500
const GIVE_UP_MS = 120_000

/**
 * @typedef {object} Progress where a transfer tells how far it is
 * @property {boolean} cancelled the person does not want it any more
 * @property {() => void} onCancel called when the person cancels
 * @property {(offset: number) => void} begin a stretch from this offset
 * @property {(sent: number, total: number) => void} progress
 * @property {(words: string) => void} say
 * @property {() => void} finish
 * @property {(sentence: string) => void} fail
 */

/** The connection broke; what has arrived is not lost. */
class Cut extends Error {}

/**
 * Make a video of a file. Every outcome is told by `row`.
 * @param {File} file
 * @param {Progress} row
 */
export async function sendVideo(file, row) {
  /** @type {number | null} */
  let video = null
  try {
    video = await create(file.name.replace(/\.[^.]+$/, "") || file.name)
    await transfer(file, video, row)
    row.finish()
  } catch (problem) {
    row.fail(problem instanceof Error ? problem.message : String(problem))
    // A card that holds neither file nor labels would only be in the way.
    if (video !== null) await fetch(apiUrl(`/videos/${video}`), { method: "DELETE" }).catch(() => null)
  }
}

/** @param {string} name @returns {Promise<number>} the id of a new video */
async function create(name) {
  const headers = { "Content-Type": "application/json" }
  const answer = await call("POST", "/videos", headers, JSON.stringify({ name, labels: [] }))
  return (await answer.json()).id
}

/** @param {File} file @param {number} videoId @param {Progress} row */
async function transfer(file, videoId, row) {
  const address = await begin(file, videoId)
  let offset = 0
  let lastArrival = performance.now()
  while (!(await append(address, file, offset, row))) {
    row.say("connection lost, trying again …")
    await pause(RETRY_MS)
    const before = offset
    offset = await arrived(address, offset)
    if (row.cancelled) throw new Error("Cancelled.")
    if (offset > before) lastArrival = performance.now()
    if (offset === file.size) return
    if (performance.now() - lastArrival > GIVE_UP_MS) {
      throw new Error("The connection broke before the file had arrived. Upload it again.")
    }
  }
}

/** @param {File} file @param {number} videoId @returns {Promise<string>} the address of the upload */
async function begin(file, videoId) {
  const metadata = `video_id ${base64(String(videoId))},filename ${base64(file.name)}`
  const headers = { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": metadata }
  const answer = await call("POST", "/uploads", headers)
  return /** @type {string} */ (answer.headers.get("Location"))
}

/**
 * Send the rest of a file. False if the connection broke on the way.
 * @param {string} address
 * @param {File} file
 * @param {number} offset
 * @param {Progress} row
 * @returns {Promise<boolean>}
 */
async function append(address, file, offset, row) {
  try {
    await patch(address, file, offset, row)
    return true
  } catch (problem) {
    if (problem instanceof Cut) return false
    throw problem
  }
}

/**
 * By XMLHttpRequest, because `fetch` does not tell how much has been sent.
 * @param {string} address
 * @param {File} file
 * @param {number} offset
 * @param {Progress} row
 * @returns {Promise<void>}
 */
function patch(address, file, offset, row) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    row.begin(offset)
    row.onCancel = () => request.abort()
    request.upload.onprogress = ({ loaded }) => row.progress(offset + loaded, file.size)
    request.onload = () => {
      if (request.status < 300) resolve()
      else if (request.status >= 502) reject(new Cut())
      else reject(new Error(sentenceOf(request.responseText)))
    }
    request.onerror = () => reject(new Cut())
    request.onabort = () => reject(new Error("Cancelled."))
    request.open("PATCH", address)
    const headers = { ...TUS, "Upload-Offset": String(offset), "Content-Type": BYTES }
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.send(file.slice(offset))
  })
}

/**
 * How many bytes have arrived; `offset` if there is still no connection.
 * @param {string} address
 * @param {number} offset
 * @returns {Promise<number>}
 */
async function arrived(address, offset) {
  /** @type {Response} */
  let answer
  try {
    answer = await fetch(address, { method: "HEAD", headers: TUS })
  } catch {
    return offset
  }
  if (answer.status === 404) throw new Error("The upload was given up. Upload the file again.")
  return answer.ok ? Number(answer.headers.get("Upload-Offset")) : offset
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {string} [body]
 * @returns {Promise<Response>}
 */
async function call(method, path, headers, body) {
  const answer = await fetch(apiUrl(path), { method, headers, ...(body === undefined ? {} : { body }) })
  if (!answer.ok) throw new Error(sentenceOf(await answer.text()))
  return answer
}

/** @param {string} text @returns {string} */
export function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}

/** @param {number} milliseconds @returns {Promise<void>} */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** The sentence of an error's body. @param {string} body @returns {string} */
export function sentenceOf(body) {
  try {
    return JSON.parse(body).error.message
  } catch {
    return "The server did not answer as expected. Try again."
  }
}
