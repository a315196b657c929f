import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { HttpReply } from './http-reply.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/**
 * For `*.frame.html`: an empty sheet that our own pages put somebody else's HTML into. Nothing
 * runs there, nothing is fetched, no form is sent; only its styles are its own.
 */
const FRAME_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; " +
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin",
}

/** `index-BdA4x9_Q.js`: the name changes with the content. */
const HASHED = /-[\w-]{8}\.\w+$/

interface StaticFile {
  readonly content: Buffer
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The files of a folder, read once: an address is looked up among their names,
 * so that no address, however written, reaches anything else. Links are left out.
 */
export class StaticFiles {
  readonly #files = new Map<string, StaticFile>()

  constructor(directory: string) {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const name = relative(directory, file).split(sep).join('/')
      this.#files.set(`/${name}`, load(file, entry.name))
    }
  }

  /** The file at a decoded path, `index.html` for `/`; `null` when there is none. */
  find(path: string, ifNoneMatch: string | undefined): HttpReply | null {
    const file = this.#files.get(path.endsWith('/') ? `${path}index.html` : path)
    if (file === undefined) return null
    if (ifNoneMatch === file.etag) return new HttpReply(304, undefined, file.headers)
    return new HttpReply(200, file.content, file.headers)
  }
}

function load(file: string, name: string): StaticFile {
  const content = readFileSync(file)
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
  const headers = {
    'content-type': TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream',
    'cache-control': HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag,
    ...(name.endsWith('.frame.html') ? FRAME_HEADERS : {}),
  }
  return { content, etag, headers }
}
