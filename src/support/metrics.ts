import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** From a millisecond to half a minute: work inside the process. */
const WORK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** From a tenth of a second to a day: until something has reached somebody. */
const WAIT_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400]

/**
 * What Belfry counts, under names that begin with `belfry_`. Labels hold routes,
 * channels and codes, never an id of a person or a concrete topic.
 */
export class Metrics {
  readonly registry = new Registry()
  readonly #collectors: (() => void | Promise<void>)[] = []

  readonly received = this.#counter('messages_received_total', 'Messages taken in.', ['door'])
  readonly refused = this.#counter('messages_refused_total', 'Messages turned away, by code.', [
    'door',
    'code',
  ])
  readonly filtered = this.#counter('messages_filtered_total', 'Messages dropped, by rule.', [
    'rule',
  ])
  readonly duplicates = this.#counter(
    'messages_duplicate_total',
    'Messages that had had their effect before.',
    [],
  )
  readonly dispatchSeconds = this.#histogram(
    'dispatch_seconds',
    'From arrival of a message on MQTT to the end of its handler.',
    ['route'],
    WORK_SECONDS,
  )
  readonly httpSeconds = this.#histogram(
    'http_request_seconds',
    'Time to answer an HTTP request.',
    ['method', 'route', 'status'],
    WORK_SECONDS,
  )

  readonly deliveries = this.#counter('deliveries_total', 'Deliveries by what became of them.', [
    'channel',
    'provider',
    'outcome',
  ])
  readonly deliveryLatency = this.#histogram(
    'delivery_latency_seconds',
    'From acceptance of a message to its delivery.',
    ['channel'],
    WAIT_SECONDS,
  )
  readonly providerSeconds = this.#histogram(
    'provider_request_seconds',
    'Time that a provider takes for one try of a delivery.',
    ['channel', 'provider'],
    WORK_SECONDS,
  )

  readonly breakerState = this.#gauge(
    'provider_breaker_state',
    'Whether a provider is left alone: 0 no, 1 tried again, 2 yes.',
    ['channel', 'provider'],
  )

  readonly queueReady = this.#gauge('queue_ready_jobs', 'Jobs that wait.', ['queue', 'priority'])
  readonly queueScheduled = this.#gauge('queue_scheduled_jobs', 'Jobs whose time is to come.', [
    'queue',
  ])
  readonly queueLeased = this.#gauge('queue_leased_jobs', 'Jobs in the hands of workers.', [
    'queue',
  ])
  readonly queueFailed = this.#gauge('queue_failed_jobs', 'Jobs given up, to be looked at.', [
    'queue',
  ])
  readonly queueOldestReadyAge = this.#gauge(
    'queue_oldest_ready_age_seconds',
    'How long the job at the head of a queue has waited.',
    ['queue'],
  )

  readonly broadcasts = this.#counter(
    'broadcasts_total',
    'Events for broadcast channels, by driver and what became of each try.',
    ['driver', 'outcome'],
  )

  readonly sessions = this.#gauge('sessions', 'Connected realtime clients of this process.', [
    'protocol',
  ])
  readonly sessionsOpened = this.#counter('sessions_opened_total', 'Realtime clients let in.', [
    'protocol',
  ])
  readonly connectionTroubles = this.#counter(
    'connection_troubles_total',
    'Realtime connections that were refused, or cut by us, by reason.',
    ['reason'],
  )
  readonly slowConnections = this.#gauge(
    'slow_connections',
    'Realtime clients of this process that do not keep up.',
    [],
  )

  readonly alertsRaised = this.#counter('alerts_raised_total', 'New alerts.', ['severity'])
  readonly alertsOpen = this.#gauge('alerts_open', 'Alerts that are not resolved.', ['severity'])
  readonly escalations = this.#counter(
    'escalations_total',
    'Alerts that went on to a next step, or through the last one.',
    ['severity', 'outcome'],
  )
  readonly alertAck = this.#histogram(
    'alert_ack_seconds',
    'From the first notice of an alert to its acknowledgement.',
    ['severity'],
    WAIT_SECONDS,
  )

  readonly deadLetters = this.#gauge('dead_letters', 'Refused messages that are kept.', [])
  readonly brokerUp = this.#gauge('mqtt_up', 'Whether messages can come in by MQTT: 1 or 0.', [])
  readonly storeSeconds = this.#histogram(
    'store_commit_seconds',
    'Time until a write is durable.',
    [],
    WORK_SECONDS,
  )

  /** `process`: also what every Node process tells (memory, event loop, garbage collection). */
  constructor({ process = false }: { readonly process?: boolean } = {}) {
    if (process) collectDefaultMetrics({ register: this.registry, prefix: 'belfry_' })
  }

  get contentType(): string {
    return this.registry.contentType
  }

  /** Fills gauges when somebody looks. One that throws leaves its gauges as they were. */
  onScrape(collect: () => void | Promise<void>): void {
    this.#collectors.push(collect)
  }

  /** The exposition text of Prometheus. */
  async render(): Promise<string> {
    await Promise.allSettled(this.#collectors.map(async (collect) => collect()))
    return this.registry.metrics()
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
    return new Counter({ name: `belfry_${name}`, help, labelNames, registers: [this.registry] })
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
    return new Gauge({ name: `belfry_${name}`, help, labelNames, registers: [this.registry] })
  }

  #histogram<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: number[],
  ) {
    const registers = [this.registry]
    return new Histogram({ name: `belfry_${name}`, help, labelNames, buckets, registers })
  }
}
