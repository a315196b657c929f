import {
  createTransport,
  type MailMessage,
  type SMTPPoolOptions,
  type SMTPPoolSentMessageInfo,
  type Transporter,
} from 'nodemailer'
import type { Clock } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { type Mailbox, parseMailbox } from '../directory/email-address.ts'
import type { Provider, SendOutcome } from './channel.ts'
import { composeMail, envelopeOf, UnsendableMail } from './email-compose.ts'
import type { EmailContent } from './email-content.ts'
import { Lockout } from './lockout.ts'
import { outcomeOf, outcomeOfAccepted, type SmtpProgress } from './smtp-outcome.ts'
import { WrittenMail } from './written-mail.ts'

/** What a mail may take in all: a server that says a letter now and then is never silent. */
const SEND_WITHIN_MS = 60_000

const NOT_BEGUN: SmtpProgress = { began: false, transmitted: false }

/** Five kept connections; what does not answer in time is given up. */
const POOL = {
  pool: true,
  maxConnections: 5,
  maxMessages: 100,
  connectionTimeout: 5_000,
  greetingTimeout: 5_000,
  dnsTimeout: 5_000,
  socketTimeout: 20_000,
  disableFileAccess: true,
  disableUrlAccess: true,
} as const satisfies SMTPPoolOptions

interface SmtpOptions {
  /** As `EMAIL_PROVIDERS` calls it. */
  readonly name?: string
  /**
   * `smtp(s)://user:pass@host:port`; nodemailer's options may follow, such as
   * `?requireTLS=true&maxConnections=10`. STARTTLS is used where it is offered.
   */
  readonly url: string
  /** `address` or `Name <address>`. */
  readonly from: string
  readonly clock: Clock
}

/** Sends mail through one SMTP server over a pool of connections. */
export class SmtpProvider implements Provider<EmailContent> {
  readonly name: string
  readonly #from: Mailbox
  readonly #clock: Clock
  readonly #transport: Transporter<SMTPPoolSentMessageInfo, SMTPPoolOptions>
  readonly #lockout: Lockout<SendOutcome>

  /** Throws when `from` is no address. */
  constructor({ name = 'smtp', url, from, clock }: SmtpOptions) {
    const sender = parseMailbox(from)
    if (sender === null) throw new Error(`MAIL_FROM is not an e-mail address: ${from}`)
    this.name = name
    this.#from = sender
    this.#clock = clock
    this.#lockout = new Lockout(clock)
    this.#transport = createTransport({ ...POOL, url })
  }

  async send(job: DeliveryJob<EmailContent>, signal: AbortSignal): Promise<SendOutcome> {
    const now = this.#clock.now()
    const { outcome: unasked } = this.#lockout
    if (unasked !== null) return unasked
    let written: WrittenMail | null = null
    try {
      const mail = composeMail(job, { from: this.#from, now })
      written = new WrittenMail(mail, envelopeOf(mail, job))
      const info = await this.#within(written, signal)
      const { accepted, rejectedErrors = [], messageId, response } = info
      const refused = job.refused ?? []
      return outcomeOfAccepted({ accepted, rejectedErrors, messageId, response, refused })
    } catch (error) {
      if (error instanceof UnsendableMail) return { status: 'failed', reason: error.message }
      return this.#lockout.after(outcomeOf(error, written ?? NOT_BEGUN))
    }
  }

  async #within(mail: WrittenMail, signal: AbortSignal): Promise<SMTPPoolSentMessageInfo> {
    const limit = new AbortController()
    const cancel = this.#clock.after(SEND_WITHIN_MS, () =>
      limit.abort(new Error(`no end within ${SEND_WITHIN_MS / 1000} s`)),
    )
    return this.#send(mail, AbortSignal.any([signal, limit.signal])).finally(cancel)
  }

  /** Past nodemailer's composing, which takes longer than the rest: the mail is written already. */
  #send(message: WrittenMail, signal: AbortSignal): Promise<SMTPPoolSentMessageInfo> {
    const mail = { data: { signal }, message } as unknown as MailMessage<SMTPPoolSentMessageInfo>
    return new Promise((resolve, reject) => {
      this.#transport.transporter.send(mail, (error, info) => {
        if (info === undefined) reject(error)
        else resolve(info)
      })
    })
  }

  async verify(): Promise<void> {
    await this.#transport.verify()
  }

  close(): Promise<void> {
    this.#transport.close()
    return Promise.resolve()
  }
}
