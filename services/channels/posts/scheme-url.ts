import { Unsendable } from '../http/target.ts'

/** The part after the scheme of an address such as `ntfy://host/topic`, as a URL to post to. */
export interface SchemeUrl {
  /** `https://host:port`; `http` where the scheme ends in `+http`. */
  readonly origin: string
  /** Parts of the path, decoded. */
  readonly path: readonly string[]
  /** What stands before the `@`; neither is part of the origin. */
  readonly user: string
  readonly password: string
}

/** Reads an address whose scheme names a vendor that people host themselves. */
export function readSchemeUrl({ protocol, host, pathname, username, password }: URL): SchemeUrl {
  return {
    origin: `${webScheme(protocol)}://${host}`,
    path: pathname.split('/').filter(Boolean).map(decode),
    user: decode(username),
    password: decode(password),
  }
}

/** The same address with a web scheme: for vendors whose own URLs only need to be told apart. */
export function asWebUrl(address: URL): string {
  return address.href.replace(/^[^:]+/, webScheme(address.protocol))
}

function webScheme(protocol: string): 'http' | 'https' {
  return protocol.endsWith('+http:') ? 'http' : 'https'
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new Unsendable('the address is not encoded as URLs are', { cause: error })
  }
}
