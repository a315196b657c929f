import { InvalidPayload, type Logger } from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { flowOf } from '../flows/flow-fields.ts'
import type { Message } from '../notifications/notification-record.ts'
import type { TemplateCatalog } from './template-catalog.ts'
import {
  type CompiledText,
  type TemplateEngine,
  TemplateError,
  type TextForm,
} from './template-engine.ts'
import {
  localeFor,
  type TemplateChannel,
  type TemplateRecord,
  type TemplateText,
  textFor,
} from './template-record.ts'
import type { ChannelTexts, TemplateUse } from './template-use.ts'
import { textsOfVariant, variantFor } from './template-variant.ts'

const COMPILED_KEPT = 5000
/** What a template of digests is told of a message that is not one. */
const ONE_EVENT = { total_count: 1, events: [] }
const FALLBACK_TITLE = 'Notification'

interface Parts {
  readonly catalog: TemplateCatalog
  readonly engine: TemplateEngine
  readonly log: Logger
  /** Of people who did not say theirs. */
  readonly locale?: string | undefined
}

interface Rendering {
  readonly locale: string | null
  readonly params: Readonly<Record<string, unknown>>
  readonly variant?: string | null
  /** Missing values are empty: for looking at it. */
  readonly lenient?: boolean
}

/** The texts of a message, rendered for one person. */
export interface Rendered {
  readonly title: string
  readonly message: string
  readonly texts: ChannelTexts
}

/** Puts the words of templates into messages, in the recipient's language. */
export class TemplateRenderer {
  readonly #parts: Parts
  /** By source, the oldest first: it is the next to go. */
  readonly #compiled = {
    text: new Map<string, CompiledText>(),
    html: new Map<string, CompiledText>(),
  }

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * A message whose template is known to be there, so that it is never refused
   * later. Throws `InvalidPayload` naming the template when there is none.
   */
  async accept(message: Message): Promise<Message> {
    const use = message.template ?? null
    if (use === null || use.displayName !== undefined) return message
    const { display_name: displayName, event_type, name } = await this.#active(use)
    return { ...message, template: { ...use, displayName, eventType: event_type ?? name } }
  }

  /**
   * The message with the template's words for `locale`. Where they cannot be
   * rendered it says that something happened, and the log says why.
   */
  async apply(
    message: Message,
    locale: string | null,
    userId: string | null = null,
  ): Promise<Message> {
    const accepted = await this.accept(message)
    const use = accepted.template ?? null
    if (use === null) return message
    const record = await this.#parts.catalog.find(use.name)
    if (!record?.is_active) return this.#fallback(accepted, use, 'the template is gone')
    const type = use.keepsType ? message.type : record.notification_type
    const eventType = record.event_type ?? record.name
    const variant = variantFor(record, userId)
    const { category = null, preferences } = record
    const template = {
      ...{ ...use, eventType, isCritical: record.critical, category },
      ...(preferences === undefined ? {} : { preferences }),
      ...(variant === null ? {} : { variant }),
    }
    const about = { ...withOptions(accepted, record), type, template }
    try {
      const { texts, ...words } = this.render(record, {
        locale: locale ?? this.#parts.locale ?? null,
        params: { ...ONE_EVENT, ...use.params },
        variant,
      })
      // What the message says of a channel itself is meant for this one.
      return { ...about, ...words, texts: { ...texts, ...message.texts } }
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      return this.#fallback(about, use, error.message)
    }
  }

  async isActive(name: string): Promise<boolean> {
    return (await this.#parts.catalog.find(name))?.is_active === true
  }

  /** Whether a template has words for a digest of several messages. */
  async speaksOfMany(use: TemplateUse): Promise<boolean> {
    const record = await this.#parts.catalog.find(use.name)
    return Object.keys(ONE_EVENT).some((name) => record?.permitted_params.includes(name))
  }

  /** Throws `TemplateError`. */
  render(record: TemplateRecord, rendering: Rendering): Rendered {
    const { locale, variant = null } = rendering
    const words = textsOfVariant(record, variant, localeFor(record, locale))
    const params = only(record.permitted_params, rendering.params)
    const { title = FALLBACK_TITLE, message = '' } = this.#fill(textFor(words, 'default'), params)
    const texts: Partial<Record<ChannelName, TemplateText>> = {}
    for (const channel of Object.keys(words) as TemplateChannel[]) {
      if (channel !== 'default') texts[channel] = this.#fill(textFor(words, channel), params)
    }
    return { title, message, texts }
  }

  /** What the template says on one channel. Throws `TemplateError`. */
  renderText(
    record: TemplateRecord,
    channel: TemplateChannel,
    { locale, params, lenient = false, variant = null }: Rendering,
  ): TemplateText {
    const words = textsOfVariant(record, variant, localeFor(record, locale))
    return this.#fill(textFor(words, channel), only(record.permitted_params, params), lenient)
  }

  #fill(text: TemplateText, params: Rendering['params'], lenient = false): TemplateText {
    const rendered: Partial<Record<keyof TemplateText, string>> = {}
    for (const field of ['title', 'message', 'html'] as const) {
      const source = text[field]
      if (source === undefined) continue
      const form = field === 'html' ? 'html' : 'text'
      const compiled = this.#compile(source, form)
      rendered[field] = this.#parts.engine.render(compiled, params, { lenient })
    }
    return rendered
  }

  async #active(use: TemplateUse): Promise<TemplateRecord> {
    const record = await this.#parts.catalog.find(use.name)
    if (record?.is_active) return record
    const what = record === null ? 'There is no template' : 'Switched off is the template'
    const message = `${what} ${JSON.stringify(use.name)}.`
    throw new InvalidPayload(message, [{ path: 'template', message }])
  }

  #fallback(message: Message, use: TemplateUse, reason: string): Message {
    this.#parts.log.error({ template: use.name, reason }, 'a template could not be rendered')
    return { ...message, title: FALLBACK_TITLE, message: use.displayName ?? use.name, texts: {} }
  }

  /** A text compiles to the same thing whatever template and version it belongs to. */
  #compile(source: string, form: TextForm): CompiledText {
    const texts = this.#compiled[form]
    const known = texts.get(source)
    if (known !== undefined) return known
    const compiled = this.#parts.engine.compile(source, form)
    texts.set(source, compiled)
    if (texts.size > COMPILED_KEPT) texts.delete(texts.keys().next().value!)
    return compiled
  }
}

function only(names: readonly string[], params: Rendering['params']): Record<string, unknown> {
  const given = names.filter((name) => Object.hasOwn(params, name))
  return Object.fromEntries(given.map((name) => [name, params[name]]))
}

/** What the message does not say of digest, throttle, fallback and acknowledgement, the template says. */
function withOptions(message: Message, record: TemplateRecord): Message {
  const said = flowOf(record)
  return {
    ...message,
    digest: message.digest ?? said.digest ?? null,
    throttle: message.throttle ?? said.throttle ?? null,
    fallback: message.fallback ?? said.fallback ?? null,
    requireAck: message.requireAck ?? said.requireAck ?? null,
  }
}
