import {
  type BroadcastData,
  type DatabaseMessage,
  type DiscordMessage,
  Notification,
  type SlackMessage,
  type WebhookMessage,
} from '../src/index.ts'

/** Something about the system itself, to chat rooms and hooks as much as to people. */
export class SystemAlertNotification extends Notification {
  override priority = 'high' as const
  readonly message: string

  constructor(message: string) {
    super()
    this.message = message
  }

  via() {
    return ['database', 'broadcast', 'slack', 'discord', 'webhook']
  }

  override toDatabase(): DatabaseMessage {
    return { title: 'System Alert', message: this.message, icon: 'alert' }
  }

  override toBroadcast(): BroadcastData {
    return { title: 'System Alert', message: this.message }
  }

  override toSlack(): SlackMessage {
    return { text: `System alert: ${this.message}`, iconEmoji: ':rotating_light:' }
  }

  override toDiscord(): DiscordMessage {
    return { content: `System alert: ${this.message}` }
  }

  override toWebhook(): WebhookMessage {
    return { type: 'system.alert', payload: { message: this.message } }
  }
}
