import { type DatabaseMessage, Notification } from '../src/index.ts'

interface Words {
  readonly title: string
  readonly message: string
  /** `info`, `success`, `warning` or `error`. */
  readonly type?: string
}

/** A few words from the application, in the app and at once (seed S4-019). */
export class DirectMessageNotification extends Notification {
  readonly words: Words

  constructor(words: Words) {
    super()
    this.words = words
  }

  via() {
    return ['database', 'realtime']
  }

  override databaseType() {
    return this.words.type ?? 'info'
  }

  override toDatabase(): DatabaseMessage {
    const { title, message } = this.words
    return { title, message }
  }
}
