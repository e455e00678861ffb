/** A clock that a test moves. */

import { setImmediate as nextTurn } from "node:timers/promises"

const TURNS = 20

export class FakeClock {
  #now = 1_000_000
  /** @type {{at: number, run: () => void}[]} */ #timers = []

  now = () => this.#now

  /** @param {number} ms @param {() => void} run */
  after = (ms, run) => {
    const timer = { at: this.#now + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  /** Let what can happen now happen. */
  async settle() {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn()
  }

  /** @param {number} ms */
  async advance(ms) {
    await this.settle()
    const end = this.#now + ms
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers = this.#timers.filter((each) => each !== due)
      this.#now = Math.max(this.#now, due.at)
      due.run()
      await this.settle()
    }
    this.#now = end
  }
}
