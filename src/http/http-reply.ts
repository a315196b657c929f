/** A handler's answer with a status and headers of its own; a bare result gets the route's status. */
export class HttpReply {
  readonly status: number
  /** An object is sent as JSON, text and streams as they are, `undefined` as no body. */
  readonly body: unknown
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }

  /** The same answer with more headers. */
  with(headers: Readonly<Record<string, string>>): HttpReply {
    return new HttpReply(this.status, this.body, { ...this.headers, ...headers })
  }

  /** A page for people; it must not come from anybody's input unescaped. */
  static html(text: string, status = 200): HttpReply {
    return new HttpReply(status, text, { 'content-type': 'text/html; charset=utf-8' })
  }

  static text(text: string, contentType = 'text/plain; charset=utf-8', status = 200): HttpReply {
    return new HttpReply(status, text, { 'content-type': contentType })
  }

  static redirect(location: string, status: 302 | 303 = 303): HttpReply {
    return new HttpReply(status, undefined, { location })
  }
}
