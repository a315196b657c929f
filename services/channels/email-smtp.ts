import type { Readable } from 'node:stream'
import {
  createTransport,
  type MailMessage,
  type SendMailOptions,
  type SMTPPoolOptions,
  type SMTPPoolSentMessageInfo,
  type Transporter,
} from 'nodemailer'
import type { Clock } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { type Mailbox, parseMailbox } from '../directory/email-address.ts'
import type { Provider, SendOutcome } from './channel.ts'
import { composeMail, UnsendableMail } from './email-compose.ts'
import type { EmailContent } from './email-content.ts'
import {
  isBadCredentials,
  outcomeOf,
  outcomeOfAccepted,
  type SmtpProgress,
} from './smtp-outcome.ts'

/** Knocking with bad credentials again and again gets an account locked. */
const CREDENTIALS_PAUSE_MS = 60_000

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

/** A mail with the means to see how far its sending came. */
type Tracked = SendMailOptions & { readonly progress: Progress }

/** Sends mail through one SMTP server over a pool of connections. */
export class SmtpProvider implements Provider<EmailContent> {
  readonly name: string
  readonly #from: Mailbox
  readonly #clock: Clock
  readonly #transport: Transporter<SMTPPoolSentMessageInfo, SMTPPoolOptions>
  #lockedOut: { readonly until: number; readonly outcome: SendOutcome } | null = null

  /** Throws when `from` is no address. */
  constructor({ name = 'smtp', url, from, clock }: SmtpOptions) {
    const sender = parseMailbox(from)
    if (sender === null) throw new Error(`MAIL_FROM is not an e-mail address: ${from}`)
    this.name = name
    this.#from = sender
    this.#clock = clock
    this.#transport = createTransport({ ...POOL, url })
    this.#transport.use('stream', (mail, done) => {
      watch(mail)
      done()
    })
  }

  async send(job: DeliveryJob<EmailContent>, signal: AbortSignal): Promise<SendOutcome> {
    const now = this.#clock.now()
    if (this.#lockedOut && now < this.#lockedOut.until) return this.#lockedOut.outcome
    const progress = new Progress()
    try {
      const mail: Tracked = { ...composeMail(job, { from: this.#from, now }), signal, progress }
      const info = await this.#transport.sendMail(mail)
      this.#lockedOut = null
      const { accepted, rejectedErrors = [], messageId, response } = info
      const refused = job.refused ?? []
      return outcomeOfAccepted({ accepted, rejectedErrors, messageId, response, refused })
    } catch (error) {
      if (error instanceof UnsendableMail) return { status: 'failed', reason: error.message }
      const outcome = outcomeOf(error, progress)
      if (isBadCredentials(error)) {
        this.#lockedOut = { until: now + CREDENTIALS_PAUSE_MS, outcome }
      }
      return outcome
    }
  }

  async verify(): Promise<void> {
    await this.#transport.verify()
  }

  close(): Promise<void> {
    this.#transport.close()
    return Promise.resolve()
  }
}

/** How far the sending of one mail came. */
class Progress implements SmtpProgress {
  text: Readable | null = null

  get began(): boolean {
    return this.text !== null
  }

  get transmitted(): boolean {
    return this.text?.readableDidRead === true
  }
}

/**
 * The pool opens a mail's text when it has a session for it, and reads it once
 * the server said to go on: its errors alone do not tell a server that is away
 * from a line that broke on the way.
 */
function watch({ data, message }: MailMessage<SMTPPoolSentMessageInfo>): void {
  const { progress } = data as Tracked
  const open = message.createReadStream.bind(message)
  message.createReadStream = (options) => {
    progress.text = open(options)
    return progress.text
  }
}
