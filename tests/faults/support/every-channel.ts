import { fcmMessages } from '../../support/vendors/fcm.ts'
import type { HttpVendor } from '../../support/vendors/http-vendor.ts'
import type { Twilio } from '../../support/vendors/twilio.ts'
import { VENDORS } from '../../support/vendors/vendors.ts'
import type { Stage } from './stage.ts'

const NAMES = ['slack', 'discord', 'webhook', 'twilio', 'fcm'] as const
type Name = (typeof NAMES)[number]

/** The vendors behind every channel on which alerts are told, mails aside. */
export class EveryChannel {
  readonly env: Readonly<Record<string, string>>
  readonly #vendors: ReadonlyMap<Name, HttpVendor>
  readonly #phones = new Map<string, string>()

  private constructor(vendors: ReadonlyMap<Name, HttpVendor>, env: Record<string, string>) {
    this.#vendors = vendors
    this.env = env
  }

  static async open(): Promise<EveryChannel> {
    const vendors = new Map<Name, HttpVendor>()
    const env: Record<string, string> = { OUTBOUND_ALLOW: '127.0.0.1' }
    for (const name of NAMES) {
      const row = VENDORS.find((one) => one.name === name)!
      const vendor = (await row.start(0)) as HttpVendor
      vendors.set(name, vendor)
      // Hooks that people gave: no bot speaks in their place.
      if (name !== 'slack') Object.assign(env, row.env?.(vendor.url))
    }
    return new EveryChannel(vendors, env)
  }

  /** Gives somebody an address on each of them. */
  async introduce(stage: Stage, user: string): Promise<void> {
    const phone = `+1202555${String(1000 + this.#phones.size)}`
    this.#phones.set(user, phone)
    const url = (name: Name) => this.#vendors.get(name)!.url
    await stage.http('PUT', `/api/users/${user}`, {
      ...{ email: `${user}@example.com`, phone, webhook_url: `${url('webhook')}/${user}` },
      slack_webhook_url: `${url('slack')}/services/T0/B0/${user}`,
      discord_webhook_url: `${url('discord')}/api/webhooks/1234/${user}`,
    })
    const devices = [{ platform: 'android', token: `phone-${user}` }]
    await stage.http('PUT', `/api/users/${user}/devices`, { devices })
  }

  /** How many messages somebody got on each. */
  countsOf(user: string): Readonly<Record<string, number>> {
    const posts = (name: Name) =>
      this.#vendors.get(name)!.posts.filter(({ path }) => path.split('?')[0]?.endsWith(`/${user}`))
    const twilio = this.#vendors.get('twilio') as Twilio
    const texts = twilio.taken.filter(({ form }) => form.get('To') === this.#phones.get(user))
    const pushed = fcmMessages(this.#vendors.get('fcm')!)
    return {
      slack: posts('slack').length,
      discord: posts('discord').length,
      webhook: posts('webhook').length,
      sms: texts.length,
      push: pushed.filter(({ token }) => token === `phone-${user}`).length,
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#vendors.values()].map((vendor) => vendor.stop()))
  }
}
