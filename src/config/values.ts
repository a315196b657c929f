import { isIP } from 'node:net'
import { z } from 'zod'

/**
 * How the text of a variable becomes a value. A schema's issue completes the
 * sentence "expected …".
 *
 * @module
 */

/** A text that `read` turns into a value; `undefined` says that it is not what was expected. */
export function reading<Value>(expected: string, read: (text: string) => Value | undefined) {
  return z.string().transform((text, context): Value => {
    const value = read(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: expected })
    return z.NEVER
  })
}

/** Any text. */
export const text = reading('a text', (value) => value)

/** A text that a pattern describes. */
export function matching(expected: string, pattern: RegExp) {
  return reading(expected, (value) => (pattern.test(value) ? value : undefined))
}

/** A whole number within bounds. */
export function integer(min: number, max: number) {
  return reading(`a whole number from ${min} to ${max}`, (value) =>
    inBounds(/^\d{1,15}$/.test(value) ? Number(value) : Number.NaN, min, max),
  )
}

/** Seconds, fractions allowed, as milliseconds. */
export function seconds(min: number, max: number) {
  return reading(`seconds from ${min} to ${max}`, (value) => {
    const number = inBounds(/^\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : NaN, min, max)
    return number === undefined ? undefined : Math.round(number * 1000)
  })
}

function inBounds(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined
}

/** A port to listen on. */
export const listenPort = reading('a port from 0 to 65535 (0: any free one)', toPort)

/** A port to connect to. */
export const remotePort = reading('a port from 1 to 65535', (value) => toPort(value) || undefined)

function toPort(value: string): number | undefined {
  return /^\d{1,5}$/.test(value) ? inBounds(Number(value), 0, 65_535) : undefined
}

/** Yes or no, in the words that people use for it. */
export const flag = reading('1 or 0 (true, false, yes, no, on, off)', (value) => {
  const word = value.toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(word)) return true
  return ['0', 'false', 'no', 'off'].includes(word) ? false : undefined
})

/** One of a few words, any case. */
export function oneOf<const Word extends string>(...words: readonly Word[]) {
  return reading(`one of ${words.join(', ')}`, (value) =>
    words.find((word) => word === value.toLowerCase()),
  )
}

/** A comma list; every item must pass, none may be empty. */
export function listOf<Item>(expected: string, read: (item: string) => Item | undefined) {
  return reading(`a comma list of ${expected}`, (value): readonly Item[] | undefined => {
    const items: Item[] = []
    for (const part of value.split(',')) {
      const item = part.trim() === '' ? undefined : read(part.trim())
      if (item === undefined) return undefined
      items.push(item)
    }
    return items
  })
}

const HOST = /^(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,60}\.?$/

/** Whether this is a host name or an IP address. */
export function isHost(value: string): boolean {
  return isIP(value) !== 0 || HOST.test(value)
}

/** A host name or an IP address, IPv6 with or without brackets. */
export const host = reading('a host name or an IP address', (value) => {
  const bare = value.replace(/^\[(.*)\]$/, '$1')
  return isHost(bare) ? bare : undefined
})

/** An address or network in CIDR notation. */
export function isNetwork(value: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(value)
  if (!match) return isIP(value) !== 0
  const version = isIP(match[1]!)
  return version !== 0 && Number(match[2]) <= (version === 4 ? 32 : 128)
}

/** A parsed URL with one of these schemes and a host; `undefined` otherwise. */
export function parseUrl(value: string, schemes: readonly string[]): URL | undefined {
  if (/\s/.test(value) || !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return undefined
  const url = URL.parse(value)
  if (url === null || !schemes.includes(url.protocol.slice(0, -1))) return undefined
  return url.hostname === '' ? undefined : url
}

/** A URL with one of these schemes, as it was written. */
export function url(...schemes: readonly string[]) {
  const examples = schemes.map((scheme) => `${scheme}://…`).join(' or ')
  return reading(`a URL, ${examples}`, (value) => (parseUrl(value, schemes) ? value : undefined))
}

/** An `http(s)` URL to build others on, without its trailing slash. */
export const baseUrl = reading('a URL, http://… or https://…', (value) => {
  const parsed = parseUrl(value, ['http', 'https'])
  if (parsed?.search !== '' || parsed.hash !== '') return undefined
  return value.replace(/\/+$/, '')
})

/** `<requests>/<seconds>`, or `off`. */
export const rate = reading('<requests>/<seconds>, such as 1000/60, or off', (value) => {
  if (value.toLowerCase() === 'off') return null
  const match = /^([1-9]\d{0,8})\/([1-9]\d{0,5})$/.exec(value)
  return match ? { requests: Number(match[1]), perSeconds: Number(match[2]) } : undefined
})

/** A whole number, or `off` for no limit (`null`). */
export const limit = reading('a whole number, or off', (value) => {
  if (value.toLowerCase() === 'off') return null
  return inBounds(/^\d{1,12}$/.test(value) ? Number(value) : Number.NaN, 0, 1e12)
})

/** A BCP 47 language tag in its canonical form. */
export const locale = reading('a language tag, such as en or de-CH', (value) => {
  try {
    return Intl.getCanonicalLocales(value)[0]
  } catch {
    return undefined // Intl throws a RangeError for what is no tag: that is the answer.
  }
})

/** An IANA time zone. */
export const timeZone = reading('a time zone, such as Europe/Zurich', (value) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone
  } catch {
    return undefined // The same: a RangeError means that there is no such zone.
  }
})

/** A browser origin, `https://*.example.com` for a family of them, or `*`. */
export function readOrigin(value: string): string | undefined {
  if (value === '*') return value
  const parsed = parseUrl(value.replace('://*.', '://any.'), ['http', 'https'])
  if (parsed?.pathname !== '/' || parsed.search !== '' || parsed.username !== '') {
    return undefined
  }
  return value.toLowerCase().replace(/\/$/, '')
}

/** Fastify's notion of proxies: yes, no, how many, or which addresses and networks. */
export const trustProxy = reading(
  'true, false, a number of proxies, or a comma list of addresses and networks',
  (value): boolean | number | readonly string[] | undefined => {
    const word = value.toLowerCase()
    if (word === 'true' || word === 'false') return word === 'true'
    if (/^\d{1,2}$/.test(value)) return Number(value)
    const items = value.split(',').map((item) => item.trim())
    const known = ['loopback', 'linklocal', 'uniquelocal']
    return items.every((item) => known.includes(item) || isNetwork(item)) ? items : undefined
  },
)

/** Base64url of exactly so many bytes (keys of Web Push, RFC 8292). */
export function base64url(bytes: number) {
  return reading(`base64url of ${bytes} bytes`, (value) =>
    /^[\w-]+=*$/.test(value) && Buffer.from(value, 'base64url').length === bytes
      ? value
      : undefined,
  )
}

/** A PEM in one line, with `\n` for its line breaks, or in many. */
export const pem = reading('a PEM (-----BEGIN …), its line breaks written as \\n', (value) => {
  const lines = value.replaceAll('\\n', '\n')
  return lines.startsWith('-----BEGIN ') ? lines : undefined
})
