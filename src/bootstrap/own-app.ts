import type { Provider } from '../../services/channels/channel.ts'
import { OwnChannelProvider } from '../../services/channels/own-channel.ts'
import { ownChannels } from '../../services/deliveries/channel-policy.ts'
import type { EventTypeFields } from '../../services/events/event-type.ts'
import type { ChannelRules } from '../broadcasting/channel-rules.ts'
import type { Principal } from '../context.ts'
import type { EventDispatcher } from '../events/dispatcher.ts'
import type { Listen, Subscriber } from '../events/listen.ts'
import type { HttpRouter } from '../http/http-router.ts'
import type { Router } from '../mqtt/router.ts'
import { Notification } from '../notifications/notification.ts'
import type { OwnChannel } from '../notifications/own-channel.ts'
import type { AnyClass } from '../support/class-registry.ts'
import type { Services } from './services.ts'
import type { TopicMiddleware } from './topics.ts'

/** What application code is given to declare its part: topics, paths, channels, listeners. */
export interface OwnRoutes {
  /** For MQTT topics: `router.group('garden', [middleware.authenticate], (garden) => …)`. */
  readonly router: Router
  /** For HTTP paths. */
  readonly http: HttpRouter
  /** Who may join which broadcast channel; yours are asked before ours. */
  readonly channels: ChannelRules<Principal>
  readonly middleware: TopicMiddleware
  readonly services: Services
  /** Declares a listener of events. */
  readonly listen: Listen
  readonly subscribe: (subscriber: Subscriber | (new () => Subscriber)) => void
  /** Declares a type of events: what it is called, what its payload must be, how long it is kept. */
  readonly eventType: (fields: EventTypeFields) => void
  /** Lets deliveries of a type (`*` for several) wait in a queue of their own. */
  readonly queueRoute: (type: string, queue: string) => void
  /** Adds a channel of delivery that notification classes may name. */
  readonly channel: (name: string, channel: OwnChannel) => void
  /** Makes classes known to the workers of this process. */
  readonly notifications: (...classes: readonly AnyClass[]) => void
}

/** What `<folder>/routers/*.ts` exports, and `createApp({ routes })` takes. */
export type DefineRoutes = (parts: OwnRoutes) => void | Promise<void>

/** What an application has added to ours. */
export class Additions {
  readonly providers = new Map<string, Provider>()
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  /** Throws when one of ours has the name. */
  addChannel = (name: string, channel: OwnChannel): void => {
    const { queueNames } = this.#services
    if (queueNames.all.includes(name)) throw new Error(`There is a channel ${name} already.`)
    queueNames.addHere(name)
    ownChannels.add(name)
    this.providers.set(name, new OwnChannelProvider(name, channel) as Provider)
  }

  addNotifications = (...classes: readonly AnyClass[]): void => {
    this.#services.lifecycle.load(classes)
  }

  /** Every notification class among the exports of a module. */
  addExports(module: Readonly<Record<string, unknown>>): void {
    this.addNotifications(...Object.values(module).filter(isNotificationClass))
  }

  /** What is handed to application code besides routers. */
  get declarations(): Pick<
    OwnRoutes,
    'listen' | 'subscribe' | 'eventType' | 'queueRoute' | 'channel' | 'notifications'
  > {
    const { dispatcher, eventTypes, queueRoutes }: { dispatcher: EventDispatcher } & Services =
      this.#services
    return {
      listen: dispatcher.listen,
      subscribe: (subscriber) => dispatcher.subscribe(subscriber),
      eventType: (fields) => void eventTypes.define(fields),
      queueRoute: (type, queue) => queueRoutes.add({ type, queue }),
      channel: this.addChannel,
      notifications: this.addNotifications,
    }
  }
}

function isNotificationClass(value: unknown): value is AnyClass {
  return typeof value === 'function' && value.prototype instanceof Notification
}
