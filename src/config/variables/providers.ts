import { listOf } from '../values.ts'

/** How many messages a provider is given within a window. */
export interface ProviderRate {
  readonly provider: string
  readonly limit: number
  readonly windowMs: number
}

/** What happens to the messages of a channel that has no provider. */
export const OUTBOX = 'messages are kept in the outbox'

/** Names of providers in order. */
export const PROVIDERS = listOf('provider names, first is tried first', readProviderName)

/** Rates of providers. */
export const RATES = listOf('providers with a rate, such as twilio=10/1', readProviderRate)

function readProviderName(item: string): string | undefined {
  const name = item.toLowerCase()
  return /^[a-z][a-z0-9_]{0,31}$/.test(name) ? name : undefined
}

function readProviderRate(item: string): ProviderRate | undefined {
  const match = /^([a-z][a-z0-9_]{0,31})=([1-9]\d{0,6})\/([1-9]\d{0,5})$/i.exec(item)
  if (!match) return undefined
  const [, name = '', count, seconds] = match
  return { provider: name.toLowerCase(), limit: Number(count), windowMs: Number(seconds) * 1000 }
}
