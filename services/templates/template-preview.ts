import { smsSize } from '../channels/sms-segments.ts'
import { CHANNELS } from '../deliveries/channel-policy.ts'
import { TemplateError } from './template-engine.ts'
import { localeFor, type TemplateRecord, type TemplateText } from './template-record.ts'
import type { TemplateRenderer } from './template-renderer.ts'

/** What push services take in one message. */
const MOST_PUSH_BYTES = 4096

interface Sample {
  readonly locale: string | null
  readonly params: Readonly<Record<string, unknown>>
  /** One of the template's wordings; `null`: its own words. */
  readonly variant?: string | null
}

/** What a template looks like on every channel; what is missing is named and left empty. */
export function previewTemplate(
  renderer: TemplateRenderer,
  record: TemplateRecord,
  sample: Sample,
) {
  const { permitted_params, name, version } = record
  const channels = ['database', ...CHANNELS] as const
  return {
    template: name,
    version,
    locale: localeFor(record, sample.locale),
    variant: sample.variant ?? null,
    missing_params: permitted_params.filter((param) => !Object.hasOwn(sample.params, param)),
    unknown_params: Object.keys(sample.params).filter((each) => !permitted_params.includes(each)),
    channels: Object.fromEntries(
      channels.map((channel) => [channel, previewChannel(renderer, record, channel, sample)]),
    ),
  }
}

function previewChannel(
  renderer: TemplateRenderer,
  record: TemplateRecord,
  channel: (typeof CHANNELS)[number] | 'database',
  sample: Sample,
): object {
  const asked = channel === 'database' ? 'default' : channel
  try {
    const text = renderer.renderText(record, asked, { ...sample, lenient: true })
    return { ...shown(channel, text), ...sizeOf(channel, text) }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return { error: error.message }
  }
}

/** A text message has no title, and only mails have HTML. */
function shown(channel: string, { title = 'Notification', message = '', html }: TemplateText) {
  if (channel === 'sms' || channel === 'voice') return { message }
  return { title, message, ...(channel === 'email' && html !== undefined ? { html } : {}) }
}

function sizeOf(channel: string, { title = 'Notification', message = '' }: TemplateText): object {
  if (channel === 'sms') return smsSize(message)
  if (channel !== 'push') return {}
  const bytes = Buffer.byteLength(JSON.stringify({ title, body: message }))
  return { bytes, is_too_large: bytes > MOST_PUSH_BYTES }
}
