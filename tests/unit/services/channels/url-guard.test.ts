import type { LookupAddress } from 'node:dns'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { GuardedSender } from '../../../../services/channels/http/guarded-sender.ts'
import { isPublicAddress } from '../../../../services/channels/http/reach.ts'
import { UrlGuard, UrlRefused } from '../../../../services/channels/http/url-guard.ts'
import { systemClock } from '../../../../src/support/clock.ts'

const signal = new AbortController().signal
const post = (sender: GuardedSender, url: string, pinnedTo: readonly string[] = []) =>
  sender.post({ url, body: '{}', pinnedTo }, signal)

/** Every way of writing an address of our own that a parser somewhere falls for. */
const INTERNAL: readonly (readonly [form: string, url: string])[] = [
  ['plain', 'https://127.0.0.1/'],
  ['decimal', 'https://2130706433/'],
  ['hexadecimal', 'https://0x7f000001/'],
  ['hexadecimal parts', 'https://0x7f.0x0.0x0.0x1/'],
  ['octal', 'https://0177.0.0.1/'],
  ['one octal number', 'https://017700000001/'],
  ['short', 'https://127.1/'],
  ['three parts', 'https://127.0.1/'],
  ['trailing dot', 'https://127.0.0.1./'],
  ['percent-encoded', 'https://%31%32%37.0.0.1/'],
  ['circled digits', 'https://①②⑦.⓪.⓪.①/'],
  ['full-width digits and dots', 'https://１２７。０。０。１/'],
  ['unspecified', 'https://0.0.0.0/'],
  ['zero', 'https://0/'],
  ['private', 'https://10.1.2.3/'],
  ['private, 172.16/12', 'https://172.31.255.255/'],
  ['private, 192.168/16', 'https://192.168.0.1/'],
  ['carrier-grade NAT', 'https://100.64.0.1/'],
  ['link-local: cloud metadata', 'https://169.254.169.254/latest/meta-data/'],
  ['metadata, decimal', 'https://2852039166/'],
  ['multicast', 'https://224.0.0.251/'],
  ['broadcast', 'https://255.255.255.255/'],
  ['IPv6 loopback', 'https://[::1]/'],
  ['IPv6 unspecified', 'https://[::]/'],
  ['IPv4-mapped', 'https://[::ffff:127.0.0.1]/'],
  ['IPv4-mapped, hexadecimal', 'https://[::ffff:7f00:1]/'],
  ['IPv4-compatible', 'https://[::127.0.0.1]/'],
  ['NAT64', 'https://[64:ff9b::7f00:1]/'],
  ['NAT64 of a network', 'https://[64:ff9b:1::a00:1]/'],
  ['6to4', 'https://[2002:7f00:1::]/'],
  ['Teredo', 'https://[2001:0:53aa:64c:0:0:80ff:fffe]/'],
  ['unique local', 'https://[fd00::1]/'],
  ['metadata over IPv6', 'https://[fd00:ec2::254]/'],
  ['IPv6 link-local', 'https://[fe80::1]/'],
  ['IPv6 multicast', 'https://[ff02::1]/'],
  ['documentation', 'https://[2001:db8::1]/'],
  ['localhost', 'https://localhost/'],
  ['localhost with a dot', 'https://localhost./'],
  ['localhost in unicode', 'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/'],
  ['below localhost', 'https://metadata.localhost/'],
  ['user name and password', 'https://example.com:x@127.0.0.1/'],
  ['password of a public host', 'https://user:secret@example.com/'],
  ['plain http', 'http://93.184.215.14/'],
  ['a file', 'file:///etc/passwd'],
  ['another protocol', 'gopher://127.0.0.1:6379/_FLUSHALL'],
  ['no URL', 'https://'],
]

describe('UrlGuard refuses', () => {
  it.each(INTERNAL)('%s: %s', async (_form, url) => {
    const sender = new GuardedSender({ clock: systemClock })
    expect(await post(sender, url)).toMatchObject({ kind: 'refused' })
    await sender.close()
  })

  it('without repeating what a URL is made of', () => {
    const guard = new UrlGuard({})
    for (const url of ['https://10.0.0.1/s3cret', 'https://u:s3cret@example.com/', 's3cret']) {
      expect(() => guard.admit(url)).toThrow(UrlRefused)
      expect(() => guard.admit(url)).not.toThrow(/s3cret/)
    }
  })
})

describe('isPublicAddress()', () => {
  it.each(['8.8.8.8', '93.184.215.14', '172.32.0.1', '2606:2800:21f::1', '2a00:1450::1'])(
    'knows %s as public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )
  it.each(['192.0.2.1', '198.19.0.1', '240.0.0.1', '::ffff:8.8.8.8', '3fff::1', 'example.com', ''])(
    'does not take %j for one',
    (address) => expect(isPublicAddress(address)).toBe(false),
  )
})

describe('GuardedSender', () => {
  let server: Server
  let port: number
  /** Local addresses at which requests arrived. */
  const arrived: string[] = []
  const senders: GuardedSender[] = []

  const senderWith = (options: Partial<ConstructorParameters<typeof GuardedSender>[0]>) => {
    const sender = new GuardedSender({ clock: systemClock, ...options })
    senders.push(sender)
    return sender
  }
  /** A resolver that answers its questions one after the other. */
  const answering = (...answers: string[][]) => {
    const asked: string[] = []
    const resolve = (host: string) => {
      const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
      asked.push(host)
      return Promise.resolve(
        addresses.map(
          (address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }),
        ),
      )
    }
    return { resolve, asked }
  }

  beforeAll(async () => {
    server = createServer((request, response) => {
      arrived.push(request.socket.localAddress ?? '')
      if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:1/' })
      response.end('taken')
    })
    await new Promise<void>((done) => server.listen(0, '0.0.0.0', done))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  afterEach(async () => {
    arrived.length = 0
    for (const sender of senders.splice(0)) await sender.close()
  })

  it.each([
    ['an address', ['127.0.0.1'], '127.0.0.1'],
    ['a network', ['127.0.0.0/8'], '127.0.0.1'],
    ['a host by its name', ['hook.test'], 'hook.test'],
    ['a host of a family', ['*.lan'], 'ntfy.box.lan'],
    ['a network that a name leads into', ['127.0.0.0/8'], 'hook.test'],
    ['a name with another case and a dot', ['Hook.Test'], 'hook.test.'],
    ['a name in unicode', ['bücher.test'], 'xn--bcher-kva.test'],
  ])('lets OUTBOUND_ALLOW open %s', async (_what, allow, host) => {
    const { resolve } = answering(['127.0.0.1'])
    const result = await post(senderWith({ allow, resolve }), `http://${host}:${port}/`)
    expect(result).toMatchObject({ kind: 'answered', status: 200, body: 'taken', isComplete: true })
  })

  it('opens nothing else with it', async () => {
    const { resolve } = answering(['127.0.0.1'])
    const sender = senderWith({ allow: ['127.0.0.2', '*.lan', 'hook.test'], resolve })
    for (const host of [
      '127.0.0.1',
      'lan',
      'evillan',
      'nothook.test',
      'a.hook.test',
      'localhost',
    ]) {
      expect(await post(sender, `http://${host}:${port}/`)).toMatchObject({ kind: 'refused' })
    }
    expect(arrived).toEqual([])
  })

  it.each([
    ['one of several answers is private', ['93.184.215.14', '10.0.0.1']],
    ['the only answer is private', ['192.168.0.1']],
    ['the answer is an IPv4-mapped address', ['::ffff:127.0.0.1']],
    ['there is no answer', []],
  ])('refuses a name when %s', async (_when, answer) => {
    const { resolve } = answering(answer)
    const result = await post(senderWith({ resolve }), 'https://hook.test/')
    expect(result).toMatchObject({ kind: 'refused' })
  })

  it('refuses a public name over plain http', async () => {
    const { resolve } = answering(['93.184.215.14'])
    const result = await post(senderWith({ resolve }), 'http://hook.test/')
    expect(result).toMatchObject({ kind: 'refused', reason: expect.stringContaining('https') })
  })

  it('connects to what it checked, whatever the name leads to a moment later', async () => {
    const { resolve, asked } = answering(['127.0.0.2'], ['127.0.0.1'])
    const sender = senderWith({ allow: ['127.0.0.2'], resolve })
    const url = `http://rebinding.test:${port}/`
    expect(await post(sender, url)).toMatchObject({ kind: 'answered' })
    expect(asked).toEqual(['rebinding.test'])
    expect(arrived).toEqual(['127.0.0.2'])
    // The connection is kept, and with it the address.
    await nextTurn()
    expect(await post(sender, url)).toMatchObject({ kind: 'answered' })
    expect(asked).toHaveLength(1)
    // A new connection asks again, and is told of another address.
    server.closeAllConnections()
    expect(await post(sender, url)).toMatchObject({ kind: 'refused' })
    expect(asked).toHaveLength(2)
    expect(arrived).toEqual(['127.0.0.2', '127.0.0.2'])
  })

  it('does not follow a redirect', async () => {
    const result = await post(senderWith({ allow: ['127.0.0.1'] }), `http://127.0.0.1:${port}/away`)
    expect(result).toMatchObject({ kind: 'answered', status: 302 })
    expect(arrived).toHaveLength(1)
  })

  it('goes to a vendor’s hosts alone where they are known', async () => {
    const { resolve, asked } = answering(['93.184.215.14'])
    const sender = senderWith({ allow: ['127.0.0.1', 'relay.test'], resolve })
    const pinned = ['hooks.slack.com']
    for (const host of ['example.com', 'hooks.slack.com.example.com', '93.184.215.14']) {
      expect(await post(sender, `https://${host}/`, pinned)).toMatchObject({ kind: 'refused' })
    }
    expect(asked).toEqual([])
    expect(await post(sender, `http://localhost:${port}/`, pinned)).toMatchObject({
      kind: 'refused',
    })
    expect(await post(sender, `http://127.0.0.1:${port}/`, pinned)).toMatchObject({
      kind: 'answered',
    })
  })

  it('asks nobody about a URL that the operator configured', async () => {
    const sender = senderWith({})
    const url = `http://127.0.0.1:${port}/`
    expect(await sender.post({ url, body: '{}', isTrusted: true }, signal)).toMatchObject({
      kind: 'answered',
    })
  })
})
