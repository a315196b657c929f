import { HeartbeatWatch } from '../../services/heartbeats/heartbeat-watch.ts'
import type { Config } from '../config.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Rules } from './rules.ts'
import type { Services } from './services.ts'
import type { RunningBroker } from './start-broker.ts'

interface Parts {
  readonly config: Config
  readonly services: Services
  readonly rules: Rules
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly broker: RunningBroker | null
}

/** Where messages are routed: notices who falls silent, and which monitors others made. */
export function watchHeartbeats({ config, services, rules, broker, ...base }: Parts) {
  const watch = new HeartbeatWatch({
    ...base,
    heartbeats: services.heartbeats,
    isListening: () => broker?.isConnected() ?? false,
    losesBeats: config.mqtt.external === null,
  })
  if (config.roles.has('router')) {
    rules.start()
    watch.start()
  }
  return {
    stop() {
      rules.stop()
      watch.stop()
    },
  }
}
