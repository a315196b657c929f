import type { Server } from 'node:http'
import type { OwnAuthenticate } from '../../services/access/access-service.ts'
import type { OwnDirectory } from '../../services/directory/own-directory.ts'
import type { EventTypeFields } from '../../services/events/event-type.ts'
import { ownWork } from '../../services/notifications/acceptance.ts'
import { type Environment, loadConfig, readEnvironment } from '../config.ts'
import type { EventDispatcher } from '../events/dispatcher.ts'
import { Inbox } from '../notifications/inbox.ts'
import type { Notifier } from '../notifications/notification.ts'
import type { OwnChannel } from '../notifications/own-channel.ts'
import type { AnyClass } from '../support/class-registry.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { type App, startApp } from './app.ts'
import { type AttachOptions, attachTo } from './attach.ts'
import type { DefineRoutes, OwnRoutes } from './own-app.ts'
import type { Services } from './services.ts'

export type { AttachOptions } from './attach.ts'
export type { DefineRoutes, OwnRoutes } from './own-app.ts'
export type { EventTypeFields, OwnDirectory }

/** What an application adds to Belfry. */
export interface CreateAppOptions {
  /** Variables as `.env.example` lists them. Default: those of the process and `.env`. */
  readonly env?: Environment
  /** Topics, paths, broadcast channels, listeners. */
  readonly routes?: DefineRoutes
  /** Channels of delivery of your own, by name. */
  readonly channels?: Readonly<Record<string, OwnChannel>>
  /** Classes that workers of this process must know before one of them is sent here. */
  readonly notifications?: readonly AnyClass[]
  readonly eventTypes?: readonly EventTypeFields[]
  /** Types of notifications (`*` for several) whose deliveries wait in a queue of their own. */
  readonly queues?: Readonly<Record<string, string>>
  /** Where addresses and languages of users come from, over what Belfry keeps itself. */
  readonly directory?: OwnDirectory
  /** Who shows a credential; `null`: Belfry looks itself. */
  readonly authenticate?: OwnAuthenticate
  readonly log?: Logger
  readonly clock?: Clock
}

/** A Belfry inside your program: everything that `npm start` starts, and yours. */
export class Belfry {
  readonly #options: CreateAppOptions
  #app: App | null = null
  #detach = () => {}

  constructor(options: CreateAppOptions) {
    this.#options = options
  }

  /** Starts with a port of its own. Rejects when something is wrong, naming it. */
  async start(): Promise<this> {
    this.#app = await this.#start(false)
    return this
  }

  /**
   * Starts without a port: what Belfry has a route for it answers on your server,
   * also upgrades to WebSocket, and leaves everything else to you.
   */
  async attach(server: Server, options: AttachOptions = {}): Promise<this> {
    this.#app = await this.#start(true)
    this.#detach = attachTo(server, this.#app.http, options)
    return this
  }

  /** Ends what is under way and stops, within `SHUTDOWN_SECONDS`. */
  async stop(): Promise<void> {
    this.#detach()
    await this.#app?.stop()
    this.#app = null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Where people find it; the address of your server where it is attached to that. */
  get url(): string {
    return this.#running.http.url
  }

  /** The port of its own MQTT broker; `null`: devices connect to another one. */
  get mqttPort(): number | null {
    return this.#running.broker?.port ?? null
  }

  /** What `Notification.send` and the like go to. */
  get notifications(): Notifier {
    return this.services.notifier
  }

  /** What `Event.dispatch` and the like go to. */
  get events(): EventDispatcher {
    return this.services.dispatcher
  }

  get services(): Services {
    return this.#running.services
  }

  inbox(user: string): Inbox {
    return new Inbox(this.services.inbox, user)
  }

  /** Tells of something that happened: logged, checked against its type, told to listeners. */
  async publish(
    name: string,
    payload: Readonly<Record<string, unknown>> = {},
    source: { readonly sourceUser?: string; readonly targetUsers?: readonly string[] } = {},
  ): Promise<string> {
    const { sourceUser = null, targetUsers = [] } = source
    const from = { identity: ownWork, sourceUser, targetUsers }
    const { event_id } = await this.services.events.record(name, payload, from)
    return event_id
  }

  get #running(): App {
    if (this.#app === null) throw new Error('Belfry has not been started: await app.start() first.')
    return this.#app
  }

  #start(isAttached: boolean): Promise<App> {
    const { env, routes, channels, notifications, eventTypes, queues, ...rest } = this.#options
    const config = loadConfig(env ?? readEnvironment())
    const define = async (own: OwnRoutes) => {
      for (const [name, channel] of Object.entries(channels ?? {})) own.channel(name, channel)
      own.notifications(...(notifications ?? []))
      for (const type of eventTypes ?? []) own.eventType(type)
      for (const [type, queue] of Object.entries(queues ?? {})) own.queueRoute(type, queue)
      await routes?.(own)
    }
    return startApp({ ...rest, config, routes: define, isAttached })
  }
}

/** Puts Belfry into your program: `const app = await createApp({ … }).start()`. */
export function createApp(options: CreateAppOptions = {}): Belfry {
  return new Belfry(options)
}
