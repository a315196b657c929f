import { z } from 'zod'
import { duration, isSafeId, Topic } from '../../src/index.ts'
import { parseEmailAddress } from '../directory/email-address.ts'
import { parsePhoneNumber } from '../directory/phone-number.ts'
import { parseAudience } from '../notifications/broadcast-record.ts'
import type { CompiledText, TemplateEngine } from '../templates/template-engine.ts'
import { Condition } from './condition.ts'
import { topicPattern } from './topic-pattern.ts'

const text = z.string().min(1).max(4000)
const id = z.string().refine(isSafeId, 'must be 1 to 128 letters, digits or _ - = @ . : | ~')

const SAY = 'say user:<id>, group:<id>, role:<name>, all, {email: …} or {phone: …}'

/** Somebody who is told: one of ours, many of ours, or a bare address. */
const Recipient = z.union(
  [
    z.string().refine((word) => parseAudience([word]) !== null, SAY),
    z.strictObject({ email: z.string().refine((value) => parseEmailAddress(value) !== null) }),
    z.strictObject({ phone: z.string().refine((value) => parsePhoneNumber(value) !== null) }),
  ],
  { error: SAY },
)

export type Recipient = z.output<typeof Recipient>

const Then = z
  .strictObject({
    alert: z
      .strictObject({
        type: id,
        severity: z.enum(['critical', 'warning', 'info']).default('critical'),
        message: text,
        source: text.optional(),
        labels: z.record(z.string().max(100), z.coerce.string().max(1000)).default({}),
      })
      .optional(),
    notify: z
      .strictObject({
        to: z.preprocess((to) => [to].flat(), z.array(Recipient).min(1).max(100)),
        title: text.max(200).optional(),
        message: text,
        priority: z.enum(['low', 'normal', 'high', 'critical']).default('normal'),
        type: id.default('rule'),
      })
      .optional(),
    event: z
      .strictObject({ name: z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/) })
      .optional(),
  })
  .refine((then) => Object.values(then).some(Boolean), 'say alert, notify or event')

/** One rule as `rules.yml` writes it. */
export const RuleDocument = z
  .strictObject({
    name: id,
    topic: topicPattern(),
    match: z.array(Condition).max(20).default([]),
    /** Where the reading stands; a bare number or word is `payload` itself. */
    value: z
      .string()
      .regex(/^payload(\.[\w-]+)*$/, 'must be payload, or a path such as payload.temperature')
      .default('payload'),
    /** Where the device says when it measured. */
    time: z
      .string()
      .regex(/^payload(\.[\w-]+)+$/, 'must be a path such as payload.measured_at')
      .optional(),
    above: z.number().optional(),
    below: z.number().optional(),
    clear: z.number().optional(),
    for: duration().optional(),
    on_change: z.boolean().default(false),
    debounce: duration().optional(),
    retained: z.literal('accept').optional(),
    // biome-ignore lint/suspicious/noThenProperty: the word of the file; nobody awaits a schema.
    then: Then,
  })
  .superRefine(({ above, below, clear }, check) => {
    const wrong = (path: string, message: string) =>
      check.addIssue({ code: 'custom', path: [path], message })
    if (above !== undefined && below !== undefined) wrong('below', 'say above or below, not both')
    if (clear === undefined) return
    if (above === undefined && below === undefined) wrong('clear', 'is for above or below')
    if (above !== undefined && clear > above) wrong('clear', `must be at most above, ${above}`)
    if (below !== undefined && clear < below) wrong('clear', `must be at least below, ${below}`)
  })

type Document = z.output<typeof RuleDocument>

/** From which value on it is so, and from which it is no longer (hysteresis). */
export interface Threshold {
  readonly direction: 'above' | 'below'
  readonly raise: number
  readonly clear: number
}

/** What happens, its texts compiled. */
export interface Outcome {
  readonly alert:
    | (Omit<NonNullable<Document['then']['alert']>, 'message' | 'source'> & Texts)
    | null
  readonly notify:
    | (Omit<NonNullable<Document['then']['notify']>, 'message' | 'title'> & Texts)
    | null
  readonly event: Document['then']['event'] | null
}

interface Texts {
  readonly message: CompiledText
  /** The alert's source, the notification's title. */
  readonly heading: CompiledText | null
}

/** A rule that can be asked about messages. */
export interface Rule {
  readonly name: string
  readonly topic: Topic
  readonly conditions: Document['match']
  readonly value: string
  /** Where a reading says when it was made; `null`: it does not. */
  readonly time: string | null
  readonly threshold: Threshold | null
  readonly forMs: number
  readonly onChange: boolean
  readonly debounceMs: number
  readonly acceptsRetained: boolean
  /** Whether it has a state that begins and ends, in place of something that happens at each message. */
  readonly isLevel: boolean
  readonly outcome: Outcome
}

/** Throws `TemplateError` for a text that cannot be read. */
export function compileRule(document: Document, engine: TemplateEngine): Rule {
  const { name, topic, match, value, on_change, debounce, retained, then } = document
  const threshold = thresholdOf(document)
  const forMs = document.for ?? 0
  return {
    ...{ name, topic: new Topic(topic), conditions: match, value, threshold, forMs },
    time: document.time ?? null,
    onChange: on_change,
    debounceMs: debounce ?? 0,
    acceptsRetained: retained === 'accept',
    isLevel: threshold !== null || forMs > 0 || (then.alert !== undefined && match.length > 0),
    outcome: compileThen(then, engine),
  }
}

function thresholdOf({ above, below, clear }: Document): Threshold | null {
  if (above !== undefined) return { direction: 'above', raise: above, clear: clear ?? above }
  if (below !== undefined) return { direction: 'below', raise: below, clear: clear ?? below }
  return null
}

function compileThen({ alert, notify, event }: Document['then'], engine: TemplateEngine): Outcome {
  const compile = (source: string) => engine.compile(source, 'text')
  const heading = (source: string | undefined) => (source === undefined ? null : compile(source))
  return {
    alert: alert
      ? { ...alert, message: compile(alert.message), heading: heading(alert.source) }
      : null,
    notify: notify
      ? { ...notify, message: compile(notify.message), heading: heading(notify.title) }
      : null,
    event: event ?? null,
  }
}
