import type { Provider } from '../../services/channels/channel.ts'
import { RatePacer } from '../../services/channels/http/rate-pacer.ts'
import { paced } from '../../services/channels/paced.ts'
import type { ProviderRate } from '../config/variables/providers.ts'
import type { Clock } from '../support/clock.ts'

/** Holds a provider to its rate, if it has one. */
export type Pacing = <Content extends object>(provider: Provider<Content>) => Provider<Content>

/** The rates that were configured; one name has one rate, over all channels. */
export function pacingBy(rates: readonly ProviderRate[], clock: Clock): Pacing {
  const pacer = new RatePacer(clock)
  return (provider) => {
    const rate = rates.find((each) => each.provider === provider.name)
    return rate === undefined ? provider : paced(provider, pacer, rate)
  }
}
