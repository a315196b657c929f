import { once } from 'node:events'
import type { Socket } from 'node:net'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'

/** A mail as the server took it. */
export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body as they came over the wire. */
  readonly raw: string
}

/** At which command of the conversation the server does not behave. */
export type SmtpStep = 'connect' | 'mail' | 'rcpt' | 'data'

/** `accept`, an error reply such as `{ code: 451 }`, or no reply at all. */
export type SmtpBehaviour =
  | 'accept'
  | { readonly code: number; readonly message?: string; readonly at?: SmtpStep }
  | { readonly hangAt: SmtpStep }

export interface TestSmtp {
  readonly port: number
  readonly url: string
  /** Every mail that was accepted, oldest first. */
  readonly mails: readonly ReceivedMail[]
  /** How many messages reached the end of DATA, the refused ones included. */
  readonly attempts: number
  /** How it answers from now on; a function decides for each recipient (`rcpt`) or mail. */
  behave(behaviour: SmtpBehaviour | ((to: string) => SmtpBehaviour)): void
  clear(): void
  /** Closes the port and cuts every connection. */
  stop(): Promise<void>
  /** Listens on the same port again. */
  start(): Promise<void>
}

type Reply = (error?: Error | null) => void

/** An SMTP server on a free loopback port that keeps every mail and misbehaves on demand. */
export async function startSmtp(): Promise<TestSmtp> {
  const smtp = new SmtpRecorder()
  await smtp.start()
  return smtp
}

class SmtpRecorder implements TestSmtp {
  port = 0
  attempts = 0
  readonly mails: ReceivedMail[] = []
  #behaviour: (to: string) => SmtpBehaviour = () => 'accept'
  #server: SMTPServer | null = null
  readonly #sockets = new Set<Socket>()

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`
  }

  behave(behaviour: SmtpBehaviour | ((to: string) => SmtpBehaviour)): void {
    this.#behaviour = typeof behaviour === 'function' ? behaviour : () => behaviour
  }

  clear(): void {
    this.mails.length = 0
    this.attempts = 0
  }

  async start(): Promise<void> {
    if (this.#server !== null) return
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      disableReverseLookup: true,
      closeTimeout: 1,
      logger: false,
      onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anybody' }),
      onConnect: (_session, done) => this.#answer('connect', '', done),
      onMailFrom: (_address, _session, done) => this.#answer('mail', '', done),
      onRcptTo: ({ address }, _session, done) => this.#answer('rcpt', address, done),
      onData: (stream, session, done) => this.#receive(stream, session, done),
    })
    server.on('error', () => undefined)
    server.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    const listener = server.listen(this.port, '127.0.0.1')
    await once(listener, 'listening')
    const address = listener.address()
    if (address !== null && typeof address === 'object') this.port = address.port
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #receive(stream: NodeJS.ReadableStream, session: SMTPServerSession, done: Reply): void {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      this.attempts += 1
      const to = session.envelope.rcptTo.map(({ address }) => address)
      this.#answer('data', to[0] ?? '', (error) => {
        const from = session.envelope.mailFrom
        if (!error) {
          const raw = Buffer.concat(chunks).toString('utf8')
          this.mails.push({ from: from === false ? '' : from.address, to, raw })
        }
        done(error)
      })
    })
  }

  #answer(step: SmtpStep, to: string, done: Reply): void {
    const behaviour = this.#behaviour(to)
    if (behaviour === 'accept') done()
    else if ('hangAt' in behaviour) {
      if (behaviour.hangAt !== step) done()
    } else if ((behaviour.at ?? 'data') === step) {
      const error = new Error(behaviour.message ?? 'refused by the test')
      done(Object.assign(error, { responseCode: behaviour.code }))
    } else done()
  }
}
