/**
 * What tests of an application put in the place of the service: fakes that take
 * what is said and know it afterwards, and a clock that moves when told to.
 *
 * @module
 */

export { BroadcastFake, type FakeBroadcast } from './broadcast-fake.ts'
export { EventFake } from './event-fake.ts'
export { FakeClock } from './fake-clock.ts'
export { NotificationFake } from './notification-fake.ts'
export { QueueFake } from './queue-fake.ts'
export { type WaitOptions, waitForNotifications } from './wait-for-notifications.ts'
