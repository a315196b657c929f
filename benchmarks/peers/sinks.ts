/**
 * What deliveries go to: a vendor that answers every POST after 20 ms and knows
 * how many it had in hand meanwhile, and a mail server that takes everything.
 * `node sinks.ts`
 *
 * @module
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { answerParent } from '../support/child.ts'
import { ANSWER_MS } from '../support/deliveries-command.ts'

/** How many requests were in hand on average, while there were any. */
class Occupancy {
  #inHand = 0
  #sum = 0
  #busyMs = 0
  #at = performance.now()

  change(by: number): void {
    const now = performance.now()
    if (this.#inHand > 0) {
      this.#busyMs += now - this.#at
      this.#sum += (now - this.#at) * this.#inHand
    }
    this.#at = now
    this.#inHand += by
  }

  take(): number {
    const average = this.#sum / this.#busyMs
    this.#sum = 0
    this.#busyMs = 0
    return average
  }
}

const occupancy = new Occupancy()
const vendor = createServer((request, response) => {
  occupancy.change(1)
  request.resume().on('end', () => {
    setTimeout(() => {
      occupancy.change(-1)
      response.end('ok')
    }, ANSWER_MS)
  })
})
const mails = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  onData(stream, _session, done) {
    stream.resume().on('end', () => done())
  },
})
await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve))
await new Promise<void>((resolve) => mails.listen(0, '127.0.0.1', resolve))
const portOf = (address: unknown) => (address as AddressInfo).port
const vendorUrl = `http://127.0.0.1:${portOf(vendor.address())}/hook`
const smtpUrl = `smtp://127.0.0.1:${portOf(mails.server.address())}`
answerParent({ vendorUrl, smtpUrl }, () => ({ average: occupancy.take() }))
