import { domainToASCII } from 'node:url'

const MOST_CHARACTERS = 254
const ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/** A person or system that mail comes from. */
export interface Mailbox {
  /** Empty where none was given. */
  readonly name: string
  readonly address: string
}

/**
 * Reads exactly one address, `local@domain` in its plain form (RFC 5321
 * §4.1.2 without quoted names and address literals), at most 254 characters.
 * Anything else is `null`: line breaks, spaces, commas and angle brackets could
 * smuggle in a second recipient. A domain in other scripts comes out in its
 * ASCII form.
 */
export function parseEmailAddress(text: string): string | null {
  if (text.length > MOST_CHARACTERS) return null
  const at = text.lastIndexOf('@')
  const local = text.slice(0, Math.max(at, 0))
  if (local.length > 64 || !ATOM.test(local)) return null
  const domain = asciiDomain(text.slice(at + 1))
  if (domain === null) return null
  const address = `${local}@${domain}`
  return address.length > MOST_CHARACTERS ? null : address
}

function asciiDomain(text: string): string | null {
  const domain = /^[\0-\x7f]*$/.test(text) ? text : domainToASCII(text)
  if (!DOMAIN.test(domain)) return null
  // A last label of digits is an IPv4 address, which mail wants in brackets.
  return /(?:^|\.)\d+$/.test(domain) ? null : domain
}

/** Reads a sender: `address` or `Name <address>`; `null` when it is neither. */
export function parseMailbox(text: string): Mailbox | null {
  const match = /^([^<>]*)<([^<>]*)>$/.exec(text.trim())
  if (match === null) {
    const address = parseEmailAddress(text.trim())
    return address === null ? null : { name: '', address }
  }
  const address = parseEmailAddress(match[2]!.trim())
  const name = match[1]!.trim().replace(/^"(.*)"$/, '$1')
  return address === null || /\p{Cc}/u.test(name) ? null : { name, address }
}

/** What follows the `@`. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}
