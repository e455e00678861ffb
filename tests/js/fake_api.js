/** The annotation routes of the API, as far as the operation queue asks them. */

/** @typedef {{batch: string, user_id: number, revision?: number, ops?: object[]}} Sent */

export class FakeApi {
  /** @type {{path: string, body: Sent}[]} every request that arrived */ requests = []
  /** @type {string[]} batches in the order in which they were done for the first time */ done = []
  /** @type {number | null} */ userId = 7
  isOnline = true
  /** @type {((batch: string) => Response | null)[]} what the next requests are answered instead */ answers = []
  losesAnswers = 0
  revision = 10
  /** @type {(() => void) | null} holds answers until it is called */ release = null

  /** @param {string} url @param {RequestInit} [options] @returns {Promise<Response>} */
  fetch = async (url, options = {}) => {
    if (!this.isOnline) throw new TypeError("Failed to fetch")
    if (url.endsWith("/auth/user")) return this.#user()
    const body = /** @type {Sent} */ (JSON.parse(String(options.body)))
    this.requests.push({ path: url, body })
    const answer = this.#answer(body)
    if (this.losesAnswers-- > 0) throw new TypeError("Failed to fetch")
    return answer
  }

  /** @returns {string[]} */
  get batches() {
    return this.requests.map(({ body }) => body.batch)
  }

  #user() {
    return this.userId === null ? refusal(401, "unauthorized") : Response.json({ id: this.userId, username: "ann" })
  }

  /** @param {Sent} body */
  #answer({ batch, user_id }) {
    const instead = this.answers.shift()?.(batch)
    if (instead) return instead
    if (this.userId === null) return refusal(401, "unauthorized")
    if (this.userId !== user_id) return refusal(409, "other_user")
    if (!this.done.includes(batch)) {
      this.done.push(batch)
      this.revision++
    }
    return Response.json({ revision: this.revision, tracks: {} })
  }
}

/** @param {number} status @param {string} code @param {Record<string, string>} [headers] */
export function refusal(status, code, headers = {}) {
  return Response.json({ error: { code, message: `No: ${code}.` } }, { status, headers })
}
