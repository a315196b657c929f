import { Readable } from 'node:stream'
import type { Envelope } from './email-compose.ts'
import { type Mail, mimeText } from './mime-text.ts'
import type { SmtpProgress } from './smtp-outcome.ts'

/**
 * All that a transport of nodemailer's asks of a mail. It opens the text when it
 * has a session for it, and reads it once the server said to go on: its errors
 * alone do not tell a server that is away from a line that broke on the way.
 */
export class WrittenMail implements SmtpProgress {
  readonly #messageId: string
  readonly #envelope: Envelope
  readonly #bytes: Buffer
  #text: Readable | null = null

  constructor(mail: Mail, envelope: Envelope) {
    this.#messageId = mail.messageId
    this.#envelope = envelope
    this.#bytes = mimeText(mail)
  }

  get began(): boolean {
    return this.#text !== null
  }

  get transmitted(): boolean {
    return this.#text?.readableDidRead === true
  }

  getEnvelope(): Envelope {
    return this.#envelope
  }

  messageId(): string {
    return this.#messageId
  }

  /** The pool asks for one alone, to name the mail in its log. */
  getHeader(): string {
    return this.#messageId
  }

  createReadStream(): Readable {
    const bytes = this.#bytes
    this.#text = new Readable({
      read() {
        this.push(bytes)
        this.push(null)
      },
    })
    return this.#text
  }
}
