import { mail, Notification } from 'belfry'

/** Somebody is at the door: in the app at once, and by mail. */
export class DoorBell extends Notification {
  readonly door: string
  readonly visitor: string

  constructor(door: string, visitor: string) {
    super()
    this.door = door
    this.visitor = visitor
  }

  via() {
    return ['database', 'realtime', 'mail']
  }

  toDatabase() {
    return { title: 'At the door', message: `${this.visitor} is at the ${this.door} door.` }
  }

  toMail() {
    return mail('At the door').line(`${this.visitor} is at the ${this.door} door.`)
  }
}
