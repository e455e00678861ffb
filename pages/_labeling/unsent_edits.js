/** What waits in this browser to be saved, and how Home says it. */

/** @typedef {import("./queue_records.js").Records} Records */
/**
 * @typedef {object} Waiting what one person has to send in one video
 * @property {string} username
 * @property {number} videoId
 * @property {string} videoName
 * @property {number} waiting
 * @property {number} rejected
 */

/** What waits in this browser, of each person in each video. @param {Records} records @returns {Waiting[]} */
export function countWaiting({ entries }) {
  /** @type {Map<string, Waiting>} */
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
 * @param {Waiting} waiting
 * @param {string} username who is signed in
 * @returns {string}
 */
export function waitingWords({ username: author, videoName, waiting, rejected }, username) {
  const whose = author === username ? "" : ` of ${author}`
  const parts = []
  if (waiting) {
    const how = whose ? `: they are saved when ${author} signs in here` : " and will be saved as soon as TPOD answers"
    parts.push(`${counted(waiting)}${whose} in ${videoName} ${waiting === 1 ? "waits" : "wait"} in this browser${how}.`)
  }
  if (rejected) {
    parts.push(`${counted(rejected)}${whose} in ${videoName} ${rejected === 1 ? "was" : "were"} not done: open the video to see why.`)
  }
  return parts.join(" ")
}

/** @param {number} count */
function counted(count) {
  return count === 1 ? "1 edit" : `${count} edits`
}
