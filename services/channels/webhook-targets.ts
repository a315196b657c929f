import type { Target } from './http/target.ts'
import { apprise } from './posts/apprise.ts'
import { gotify } from './posts/gotify.ts'
import { mattermost } from './posts/mattermost.ts'
import { ntfy } from './posts/ntfy.ts'
import { pagerduty } from './posts/pagerduty.ts'
import { pushover } from './posts/pushover.ts'
import { teams } from './posts/teams.ts'
import { telegram } from './posts/telegram.ts'
import { type SecretsOf, webhookTarget } from './webhook.ts'

interface Vendors {
  readonly secretsOf: SecretsOf
  readonly telegram: { readonly botToken: string | null; readonly apiUrl: string | null }
  readonly pushover: { readonly token: string | null; readonly apiUrl: string | null }
  readonly pagerduty: { readonly apiUrl: string | null }
}

/** Whom the `webhook` channel reaches, by the scheme of a user's `webhook_url`. */
export function webhookTargets(vendors: Vendors): Readonly<Record<string, Target>> {
  const webhook = webhookTarget(vendors.secretsOf)
  return {
    https: webhook,
    http: webhook,
    telegram: telegram(vendors.telegram),
    pushover: pushover(vendors.pushover),
    pagerduty: pagerduty(vendors.pagerduty),
    ...selfHosted('ntfy', ntfy),
    ...selfHosted('gotify', gotify),
    ...selfHosted('mattermost', mattermost),
    ...selfHosted('apprise', apprise),
    ...selfHosted('teams', teams),
  }
}

/** What stands in somebody's own network often has no certificate: `ntfy+http://`. */
function selfHosted(scheme: string, target: Target): Record<string, Target> {
  return { [scheme]: target, [`${scheme}+http`]: target }
}
