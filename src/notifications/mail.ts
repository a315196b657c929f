import type { MailAttachment, MailMessage } from './messages.ts'

/**
 * Composes a mail step by step: `mail('Welcome').greeting('Hello!').line('…')`.
 * Lines before the button come above it, lines after it below.
 */
export class Mail {
  readonly #message: MailMessage

  constructor(message: MailMessage = {}) {
    this.#message = message
  }

  /** What was composed so far. */
  get message(): MailMessage {
    return this.#message
  }

  subject(subject: string): Mail {
    return this.#with({ subject })
  }

  greeting(greeting: string): Mail {
    return this.#with({ greeting })
  }

  /** White space and line breaks within it become single spaces. */
  line(text: string): Mail {
    const line = text.replace(/\s+/g, ' ').trim()
    const { line: before = [], lines = [], actionText } = this.#message
    if (actionText !== undefined) return this.#with({ lines: [...lines, line] })
    return this.#with({ line: [before, line].flat() })
  }

  /** The button. */
  action(actionText: string, actionUrl: string): Mail {
    return this.#with({ actionText, actionUrl })
  }

  salutation(salutation: string): Mail {
    return this.#with({ salutation })
  }

  /** Colours the mail red. */
  error(): Mail {
    return this.#with({ level: 'error' })
  }

  /** Colours the mail green. */
  success(): Mail {
    return this.#with({ level: 'success' })
  }

  from(from: string): Mail {
    return this.#with({ from })
  }

  replyTo(replyTo: string): Mail {
    return this.#with({ replyTo })
  }

  cc(...cc: readonly string[]): Mail {
    return this.#with({ cc: [...(this.#message.cc ?? []), ...cc] })
  }

  bcc(...bcc: readonly string[]): Mail {
    return this.#with({ bcc: [...(this.#message.bcc ?? []), ...bcc] })
  }

  attach(attachment: MailAttachment): Mail {
    return this.#with({ attachments: [...(this.#message.attachments ?? []), attachment] })
  }

  /** Bytes or text that are attached under a name. */
  attachData(content: string | Uint8Array, filename: string, contentType?: string): Mail {
    return this.attach({ filename, content, ...(contentType === undefined ? {} : { contentType }) })
  }

  /** HTML of its own in place of the lines; escape what people wrote. */
  html(html: string): Mail {
    return this.#with({ html })
  }

  /** Plain text of its own in place of the lines. */
  text(text: string): Mail {
    return this.#with({ text })
  }

  /** 1 is the most urgent. */
  priority(priority: 1 | 2 | 3 | 4 | 5): Mail {
    return this.#with({ priority })
  }

  tag(tag: string): Mail {
    return this.#with({ tags: [...(this.#message.tags ?? []), tag] })
  }

  metadata(name: string, value: string): Mail {
    return this.#with({ metadata: { ...this.#message.metadata, [name]: value } })
  }

  #with(changes: Partial<MailMessage>): Mail {
    return new Mail({ ...this.#message, ...changes } as MailMessage)
  }
}

/** Begins a mail; without a subject it is called what its class is called. */
export function mail(subject?: string): Mail {
  return new Mail(subject === undefined ? {} : { subject })
}
