import type { Clock } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { isLastTry } from '../deliveries/last-try.ts'
import type { Device } from '../directory/user-record.ts'
import type { Provider, SendOutcome } from './channel.ts'
import type { CircuitBreaker, Pass } from './circuit-breaker.ts'
import { reasonOf } from './guarded.ts'
import type { DeviceOutcome, PushCarrier } from './push-carrier.ts'
import { type PushContent, type PushNote, pushNoteOf } from './push-message.ts'
import { inTheEnd, pushOutcome, type Served } from './push-outcome.ts'
import { type CarrierName, carrierFor } from './push-routing.ts'

/** Of each service at once (FCM's `sendEach` takes no more). */
const BATCH = 500

interface Parts {
  /** Those that are configured, each with its breaker. */
  readonly carriers: Partial<Record<CarrierName, { carrier: PushCarrier; breaker: CircuitBreaker }>>
  /** Takes what is for devices that no carrier is configured for. */
  readonly outbox: Provider
  readonly directory: {
    devices(user: string): Promise<readonly Device[]>
    removeDevice(user: string, token: string): Promise<void>
  }
  readonly unreadCount: (user: string) => Promise<number>
  readonly clock: Clock
}

/**
 * Push notifications to the devices of a user, or to bare tokens: each by the
 * service of its platform. Tokens that a service says are dead are forgotten;
 * a try that failed on some devices is repeated on those alone.
 */
export class PushProvider implements Provider<PushContent> {
  readonly name = 'push'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async send(job: DeliveryJob<PushContent>, signal: AbortSignal): Promise<SendOutcome> {
    const devices = await this.#devicesOf(job)
    if (devices.length === 0) return { status: 'skipped', reason: 'no_device' }
    const { user_id } = job
    const badge = user_id === null ? null : await this.#parts.unreadCount(user_id)
    const note = pushNoteOf(job, badge)
    const groups = this.#groups(devices)
    const served = await Promise.all(
      [...groups].map(([name, group]) =>
        name === 'outbox' ? this.#keep(job, group, signal) : this.#carry(name, note, group, signal),
      ),
    )
    // The rest is out: a token that cannot be forgotten must not send it again.
    await this.#forgetDead(user_id, served.flat()).catch(() => undefined)
    const outcome = pushOutcome(served.flat(), job.reached ?? 0)
    return isLastTry(job, outcome, this.#parts.clock.now()) ? inTheEnd(outcome) : outcome
  }

  async close(): Promise<void> {
    const { carriers } = this.#parts
    await Promise.all(Object.values(carriers).map(async ({ carrier }) => carrier.close?.()))
  }

  async #devicesOf({ tokens, platform, pending, user_id }: DeliveryJob<PushContent>) {
    if (pending !== undefined) return pending
    if (tokens !== undefined && tokens.length > 0) {
      return tokens.map((token): Device => ({ platform: platform ?? 'android', token }))
    }
    const devices = user_id === null ? [] : await this.#parts.directory.devices(user_id)
    return devices.filter((device) => platform === undefined || device.platform === platform)
  }

  #groups(devices: readonly Device[]): Map<CarrierName | 'outbox', Device[]> {
    const configured = Object.keys(this.#parts.carriers) as CarrierName[]
    return Map.groupBy(devices, (device) => carrierFor(device, configured) ?? 'outbox')
  }

  async #keep(
    job: DeliveryJob<PushContent>,
    devices: readonly Device[],
    signal: AbortSignal,
  ): Promise<Served[]> {
    const tokens = devices.map(({ token }) => token)
    const outcome = await this.#parts.outbox.send({ ...job, tokens } as DeliveryJob, signal)
    const isKept = outcome.status === 'sent'
    return devices.map((device) => ({
      device,
      provider: 'outbox',
      outcome: isKept ? { status: 'sent' } : { status: 'retry', reason: 'the outbox took nothing' },
    }))
  }

  async #carry(
    name: CarrierName,
    note: PushNote,
    devices: readonly Device[],
    signal: AbortSignal,
  ): Promise<Served[]> {
    const { carrier, breaker } = this.#parts.carriers[name]!
    const served: Served[] = []
    for (let start = 0; start < devices.length; start += BATCH) {
      const batch = devices.slice(start, start + BATCH)
      const outcomes = await sendGuarded({ carrier, breaker }, note, batch, signal)
      for (const [n, device] of batch.entries()) {
        served.push({ device, provider: name, outcome: outcomes[n]! })
      }
    }
    return served
  }

  async #forgetDead(user: string | null, served: readonly Served[]): Promise<void> {
    if (user === null) return
    const dead = served.filter(({ outcome }) => outcome.status === 'dead')
    for (const { device } of dead) await this.#parts.directory.removeDevice(user, device.token)
  }
}

async function sendGuarded(
  { carrier, breaker }: { carrier: PushCarrier; breaker: CircuitBreaker },
  note: PushNote,
  devices: readonly Device[],
  signal: AbortSignal,
): Promise<DeviceOutcome[]> {
  const pass = breaker.pass()
  if (pass === null) {
    return devices.map(() => ({ status: 'unreachable', reason: reasonOf(breaker) }))
  }
  try {
    const tokens = devices.map(({ token }) => token)
    const outcomes = await carrier.send(note, tokens, signal)
    tell(pass, outcomes)
    return outcomes
  } catch (error) {
    pass.dismissed()
    throw error
  }
}

/** A service that had a word about one device at least is well, and one that names a time. */
function tell(pass: Pass, outcomes: readonly DeviceOutcome[]): void {
  const isIll = (outcome: DeviceOutcome) =>
    outcome.status === 'retry' || (outcome.status === 'unreachable' && !outcome.isAboutRecipient)
  const first = outcomes[0]
  if (first === undefined || !outcomes.every(isIll)) pass.succeeded()
  else if (outcomes.some((outcome) => 'retryAfterMs' in outcome)) pass.dismissed()
  else pass.failed('reason' in first ? first.reason : first.status)
}
