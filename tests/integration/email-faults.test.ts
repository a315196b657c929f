import { once } from 'node:events'
import { createServer } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EmailContent } from '../../services/channels/email-content.ts'
import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import { Delivery } from '../support/delivery.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startSmtp, type TestSmtp } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

const MAIL: EmailContent = {
  to: 'ada@example.com',
  subject: 'Disk full',
  body: 'The disk of pump-7 is full.\n\nIt was <b>expected</b>.',
}

let clock: FakeClock
let smtp: TestSmtp
let provider: SmtpProvider

function connect(query = '') {
  return new SmtpProvider({
    url: `${smtp.url}${query}`,
    from: 'Belfry <alerts@example.org>',
    clock,
  })
}

function deliver(content: Partial<EmailContent> = {}) {
  return new Delivery(provider, clock, 'email', { ...MAIL, ...content })
}

async function received(index = 0) {
  return PostalMime.parse(smtp.mails[index]!.raw)
}

beforeEach(async () => {
  clock = new FakeClock()
  smtp = await startSmtp()
  provider = connect()
})

afterEach(async () => {
  await provider.close()
  await smtp.stop()
})

describe('a server that has a bad day', () => {
  it('is tried again after 4xx, with the same Message-ID', async () => {
    smtp.behave({ code: 451, message: 'try again later' })
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('queued')
    expect(delivery.reasons[0]).toContain('try again later')
    smtp.behave('accept')
    expect(await delivery.attempt()).toBe('sent')
    expect(smtp.attempts).toBe(2)
    expect(delivery.job.attempts).toBe(2)
    expect((await received()).messageId).toBe(`<${delivery.job.id}@example.org>`)
  })

  it('gives up after three tries', async () => {
    smtp.behave({ code: 450, at: 'rcpt' })
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('queued')
    expect(await delivery.attempt()).toBe('queued')
    expect(await delivery.attempt()).toBe('failed')
  })

  it.each([
    ['mail', 550],
    ['rcpt', 550],
    ['data', 554],
  ] as const)('fails at once when %s is answered with %d', async (at, code) => {
    smtp.behave({ code, at })
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.reasons[0]).toContain(String(code))
  })

  it('that wants to know who we are first (530) uses no try up, and is left alone for a minute', async () => {
    smtp.behave({ code: 530, at: 'mail', message: '5.7.0 Authentication required' })
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('queued')
    expect(delivery.reasons[0]).toContain('bad_credentials')
    expect(delivery.job.attempts).toBe(0)
    smtp.behave('accept')
    const other = deliver()
    expect(await other.attempt()).toBe('queued')
    clock.advance(60_000)
    expect(await other.attempt()).toBe('sent')
  })

  it('says who was rejected, when others were not', async () => {
    smtp.behave((to) => (to === 'gone@example.com' ? { code: 550, at: 'rcpt' } : 'accept'))
    const delivery = deliver({ to: ['ada@example.com', 'gone@example.com'] })
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.reasons[0]).toMatch(/^rejected: gone@example\.com .*; taken for ada@example/)
    expect(smtp.mails.map(({ to }) => to)).toEqual([['ada@example.com']])
  })

  it('sends to those that were deferred alone, and to nobody twice', async () => {
    const slow = new Set(['slow@example.com'])
    smtp.behave((to) => {
      if (to === 'gone@example.com') return { code: 550, at: 'rcpt' }
      return slow.has(to) ? { code: 450, at: 'rcpt' } : 'accept'
    })
    const delivery = deliver({ to: ['ada@example.com', 'slow@example.com', 'gone@example.com'] })
    expect(await delivery.attempt()).toBe('queued')
    slow.clear()
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.reasons[1]).toContain('gone@example.com')
    expect(smtp.mails.map(({ to }) => to)).toEqual([['ada@example.com'], ['slow@example.com']])
    expect((await received(1)).to).toHaveLength(3)
  })

  it('that is gone uses no try up, and gets the mail when it is back', async () => {
    await smtp.stop()
    const delivery = deliver()
    for (let n = 0; n < 5; n++) expect(await delivery.attempt()).toBe('queued')
    expect(delivery.job).toMatchObject({ attempts: 0 })
    expect(delivery.job.history.map(({ outcome }) => outcome)).toEqual(Array(5).fill('unreachable'))
    await smtp.start()
    expect(await delivery.attempt()).toBe('sent')
    expect(smtp.mails).toHaveLength(1)
  })

  it('that goes away between two mails costs no mail', async () => {
    expect(await deliver().attempt()).toBe('sent')
    await smtp.stop()
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('queued')
    await smtp.start()
    while (delivery.waiting) await delivery.attempt()
    expect(delivery.job.status).toBe('sent')
    expect(smtp.mails).toHaveLength(2)
  })

  it('that greets with 4xx or 5xx is unreachable', async () => {
    for (const code of [421, 554]) {
      smtp.behave({ code, at: 'connect' })
      const delivery = deliver()
      await delivery.attempt()
      expect(delivery.job.history[0]).toMatchObject({ outcome: 'unreachable' })
    }
  })

  it('that never greets is unreachable', async () => {
    provider = connect('?greetingTimeout=100&connectionTimeout=100')
    smtp.behave({ hangAt: 'connect' })
    const delivery = deliver()
    await delivery.attempt()
    expect(delivery.job.history[0]).toMatchObject({ outcome: 'unreachable' })
  })

  it.each([
    ['rcpt', 'lost before the text'],
    ['data', 'may arrive twice'],
  ] as const)('that hangs at %s is tried again, and the record says so', async (hangAt, words) => {
    provider = connect('?socketTimeout=150')
    smtp.behave({ hangAt })
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('queued')
    expect(delivery.job.attempts).toBe(1)
    expect(delivery.reasons[0]).toContain(words)
  })

  it('that says a letter now and then is given up after a minute', async () => {
    const commands: string[] = []
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write('220 slow.example\r\n')
      socket.on('data', (data) => {
        commands.push(String(data).slice(0, 4))
        if (commands.length === 1) socket.write('250 slow.example\r\n')
        else {
          const trickle = setInterval(() => socket.write('2'), 20)
          socket.on('close', () => clearInterval(trickle))
        }
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    provider = new SmtpProvider({ url: `smtp://127.0.0.1:${port}`, from: 'a@example.org', clock })
    const delivery = deliver()
    const tried = delivery.attempt()
    await waitFor(() => commands.includes('MAIL'))
    clock.advance(60_000)
    expect(await tried).toBe('queued')
    expect(delivery.reasons[0]).toContain('no end within 60 s')
    server.close()
  })

  it('that does not speak SMTP over TLS is unreachable where TLS is required', async () => {
    provider = connect('?requireTLS=true')
    const delivery = deliver()
    await delivery.attempt()
    expect(delivery.job.history[0]).toMatchObject({ outcome: 'unreachable' })
    expect(smtp.attempts).toBe(0)
  })

  it('whose certificate nobody vouches for is unreachable, and trusted where told to', async () => {
    const server = new SMTPServer({ authOptional: true, disableReverseLookup: true, logger: false })
    server.on('error', () => undefined)
    const listener = server.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    const url = `smtp://127.0.0.1:${port}?requireTLS=true`
    const providers = [url, `${url}&tls.rejectUnauthorized=false`].map(
      (each) => new SmtpProvider({ url: each, from: 'alerts@example.org', clock }),
    )
    try {
      const outcomes = []
      for (const each of providers) {
        const delivery = new Delivery(each, clock, 'email', MAIL)
        await delivery.attempt()
        outcomes.push(delivery.job.history[0]!.outcome)
      }
      expect(outcomes).toEqual(['unreachable', 'sent'])
    } finally {
      await Promise.all(providers.map((each) => each.close()))
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  })
})

describe('verify()', () => {
  it('resolves when the server is there and rejects when it is not', async () => {
    await provider.verify()
    await smtp.stop()
    await expect(provider.verify()).rejects.toThrow('ECONNREFUSED')
  })
})

describe('a server that does not know our password', () => {
  it('is not knocked at again for a minute, and no mail is lost by it', async () => {
    let logins = 0
    let password = 'other'
    const server = new SMTPServer({
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      disableReverseLookup: true,
      logger: false,
      onAuth: (auth, _session, done) => {
        logins += 1
        if (auth.password === password) done(null, { user: 'belfry' })
        else done(Object.assign(new Error('no such user'), { responseCode: 535 }))
      },
      onData: (stream, _session, done) => {
        stream.resume()
        stream.on('end', () => done())
      },
    })
    const listener = server.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    const url = `smtp://belfry:s%40crët@127.0.0.1:${port}`
    const locked = new SmtpProvider({ url, from: 'alerts@example.org', clock })
    try {
      const first = new Delivery(locked, clock, 'email', MAIL)
      const second = new Delivery(locked, clock, 'email', MAIL)
      expect(await first.attempt()).toBe('queued')
      expect(await second.attempt()).toBe('queued')
      expect(logins).toBe(1)
      expect(second.job.attempts).toBe(0)
      expect(second.reasons[0]).toMatch(/^bad_credentials: .*535/)
      expect(JSON.stringify([first.job, second.job])).not.toContain('s@cr')

      password = 's@crët'
      clock.advance(61_000)
      expect(await first.attempt()).toBe('sent')
      expect(await second.attempt()).toBe('sent')
    } finally {
      await locked.close()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  })
})
