import { createHash } from 'node:crypto'
import type {
  LocaleTexts,
  TemplateChannel,
  TemplateRecord,
  TemplateText,
} from './template-record.ts'

/**
 * Which variant of a template a user has: by a hash of both, so that it stays the
 * same from message to message and from process to process; `null`: there are none.
 */
export function variantFor(record: TemplateRecord, userId: string | null): string | null {
  const variants = Object.entries(record.variants ?? {})
  const weights = variants.reduce((sum, [, { weight }]) => sum + weight, 0)
  if (userId === null || weights === 0) return null
  const hash = createHash('sha256').update(`${record.id}\0${userId}`).digest().readUInt32BE(0)
  let place = (hash / 2 ** 32) * weights
  for (const [name, { weight }] of variants) {
    place -= weight
    if (place < 0) return name
  }
  return null
}

/** The texts of a locale, with those that a variant has of its own in their place. */
export function textsOfVariant(
  record: TemplateRecord,
  variant: string | null,
  locale: string,
): LocaleTexts {
  const words = record.locales[locale] ?? {}
  const own = variant === null ? undefined : record.variants?.[variant]?.locales[locale]
  if (own === undefined) return words
  const texts: Partial<Record<TemplateChannel, TemplateText>> = { ...words }
  for (const [channel, text] of Object.entries(own) as [TemplateChannel, TemplateText][]) {
    texts[channel] = { ...texts[channel], ...text }
  }
  return texts
}
