/** Counts the unsent edits in this browser, and describes them on the Home page. */

/** @typedef {import("./queue_records.js").Records} Records */
/**
 * @typedef {object} UnsentCount the unsent edits of one user in one video
 * @property {string} username
 * @property {number} videoId
 * @property {string} videoName
 * @property {number} waiting
 * @property {number} rejected
 */

/** Count the unsent edits of each user in each video. @param {Records} records @returns {UnsentCount[]} */
export function countUnsent({ entries }) {
  /** @type {Map<string, UnsentCount>} */
  const found = new Map()
  for (const { userId, username, videoId, videoName, state } of entries) {
    const key = `${userId} ${videoId}`
    const sum = found.get(key) ?? { username, videoId, videoName, waiting: 0, rejected: 0 }
    sum[state === "waiting" ? "waiting" : "rejected"]++
    found.set(key, sum)
  }
  return [...found.values()]
}

/**
 * @param {UnsentCount} count
 * @param {string} username who is signed in
 * @returns {string}
 */
export function unsentText({ username: author, videoName, waiting, rejected }, username) {
  const whose = author === username ? "" : ` of ${author}`
  const parts = []
  if (waiting) {
    const how = whose ? `: they are saved when ${author} signs in here` : " and will be saved as soon as TPOD answers"
    parts.push(`${counted(waiting)}${whose} in ${videoName} ${waiting === 1 ? "waits" : "wait"} in this browser${how}.`)
  }
  if (rejected) {
    parts.push(`${counted(rejected)}${whose} in ${videoName} ${rejected === 1 ? "was" : "were"} not saved: open the video to see why.`)
  }
  return parts.join(" ")
}

/** @param {number} count */
function counted(count) {
  return count === 1 ? "1 edit" : `${count} edits`
}
