import {
  type DatabaseMessage,
  type MailMessage,
  Notification,
  type SlackMessage,
} from '../src/index.ts'

/** Greets somebody who has just come. */
export class WelcomeNotification extends Notification {
  readonly userName: string

  constructor(userName: string) {
    super()
    this.userName = userName
  }

  via() {
    return ['database', 'mail']
  }

  override toDatabase(): DatabaseMessage {
    return {
      title: 'Welcome!',
      message: `Welcome to our platform, ${this.userName}!`,
      actionUrl: '/dashboard',
      icon: 'welcome',
    }
  }

  override toMail(): MailMessage {
    return {
      subject: `Welcome ${this.userName}!`,
      greeting: `Hello ${this.userName}!`,
      line: 'Welcome to our amazing platform.',
      actionText: 'Get Started',
      actionUrl: 'https://app.example.com/dashboard',
      lines: ["We're excited to have you on board!"],
      salutation: 'Best regards, The Team',
    }
  }

  override toSlack(): SlackMessage {
    return {
      text: `New user ${this.userName} just joined!`,
      channel: '#general',
      username: 'WelcomeBot',
      iconEmoji: ':wave:',
    }
  }
}
