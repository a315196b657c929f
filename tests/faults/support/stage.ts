import { startSmtp, type TestServer, type TestSmtp } from '../../support/servers.ts'
import {
  type Parts,
  type Surroundings,
  startService,
  startSurroundings,
  type TestService,
} from '../../support/service.ts'
import { waitFor } from '../../support/wait-for.ts'
import type { Json } from './store-view.ts'

interface StageOptions {
  readonly parts: Parts
  readonly env?: Readonly<Record<string, string>>
  /** Lines of Mosquitto's configuration. */
  readonly mosquitto?: string
  /** Given in place of those that are started here. */
  readonly surroundings?: Surroundings
}

/** Leases that run out soon, so that what a dead process held is not waited for half a minute. */
const HASTE = {
  QUEUE_VISIBILITY_TIMEOUT: '5',
  QUEUE_HEARTBEAT_INTERVAL: '1',
  QUEUE_REAPER_INTERVAL: '1',
  MQTT_RETRY_MIN_DELAY: '0.1',
  MQTT_RETRY_MAX_DELAY: '1',
}

/** What a process says of itself when something went wrong that nobody thought of. */
const CRASHES = ['an error nobody expected', 'a rejection nobody handled', 'threw"', 'FATAL ERROR']

/** One or more services, their servers, and an SMTP server that takes every mail. */
export class Stage {
  readonly services: TestService[] = []
  readonly #options: StageOptions
  readonly surroundings: Surroundings
  readonly smtp: TestSmtp

  private constructor(options: StageOptions, surroundings: Surroundings, smtp: TestSmtp) {
    this.#options = options
    this.surroundings = surroundings
    this.smtp = smtp
  }

  static async open(options: StageOptions): Promise<Stage> {
    const [surroundings, smtp] = await Promise.all([
      options.surroundings ?? startSurroundings(options.parts, mosquittoOf(options)),
      startSmtp(),
    ])
    const stage = new Stage(options, surroundings, smtp)
    await stage.addService()
    return stage
  }

  /** The first service, which most scenarios have alone. */
  get service(): TestService {
    return this.services[0]!
  }

  get mosquitto(): TestServer {
    return this.surroundings.mosquitto!
  }

  get redis(): TestServer {
    return this.surroundings.redis!
  }

  async addService(env: Readonly<Record<string, string>> = {}): Promise<TestService> {
    const service = await startService({
      surroundings: this.surroundings,
      env: { ...HASTE, SMTP_URL: this.smtp.url, ...this.#options.env, ...env },
    })
    this.services.push(service)
    return service
  }

  async close(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()))
    await Promise.all([this.surroundings.stop(), this.smtp.stop()])
  }

  /** A successful HTTP call to the first service; answers with the body. */
  async http(method: string, path: string, body?: unknown, user?: string): Promise<Json> {
    const headers = user === undefined ? {} : { 'x-belfry-user': user }
    const answer = await this.service.api(method, path, body, headers)
    if (answer.status < 300) return answer.body
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }

  /** Makes users known with an e-mail address each. */
  async introduce(users: readonly string[]): Promise<void> {
    for (let at = 0; at < users.length; at += 500) {
      const some = users.slice(at, at + 500).map((id) => ({ id, email: `${id}@example.com` }))
      await this.http('PUT', '/api/users', { users: some })
    }
  }

  /** Waits until no queue holds anything that is waiting or being worked on; timers of alerts are neither. */
  async quiet(deadlineMs: number): Promise<void> {
    let last: unknown = null
    await waitFor(
      async () => {
        const { data } = await this.http('GET', '/api/queues')
        last = data.filter((queue: Json) => load(queue) > 0)
        return (last as unknown[]).length === 0
      },
      { deadlineMs },
    ).catch((error: unknown) => {
      throw new Error(`queues are not empty: ${JSON.stringify(last)}`, { cause: error })
    })
  }

  /** Waits until nothing of these queues is due or in hand; what is planned for later may stay. */
  async idle(...names: readonly string[]): Promise<void> {
    await waitFor(
      async () => {
        const { data } = await this.http('GET', '/api/queues')
        const busy = data.filter((queue: Json) => names.includes(queue.name) && due(queue) > 0)
        return busy.length === 0
      },
      { deadlineMs: 90_000, message: `${names.join(' or ')} is not idle` },
    )
  }

  /** Lines of the log that no process should ever write. */
  crashes(): string[] {
    const lines = this.services.flatMap((service) => service.log().split('\n'))
    return lines.filter((line) => CRASHES.some((words) => line.includes(words)))
  }
}

/** Timers of open alerts are no load: each has a next step, and an end of its own after a week. */
function load(queue: Json): number {
  return due(queue) + (queue.name === 'alert' ? 0 : queue.scheduled)
}

function due({ ready, in_flight }: Json): number {
  return Object.values(ready as Record<string, number>).reduce((a, b) => a + b, in_flight)
}

function mosquittoOf({ mosquitto }: StageOptions) {
  return mosquitto === undefined ? {} : { mosquitto }
}
