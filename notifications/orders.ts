import type { NotificationRecipient } from '../src/index.ts'

/** What customers are told of an order. */
export interface Order {
  readonly id: string | number
  readonly trackingNumber: string
  readonly trackingUrl: string
}

/** Somebody who chose how to hear of his orders. */
export interface Customer extends NotificationRecipient {
  readonly pushNotificationsEnabled?: boolean
  readonly smsNotificationsEnabled?: boolean
}

/** The inbox and mail, and whatever else a customer switched on. */
export function channelsOf(customer: Customer): readonly string[] {
  const { pushNotificationsEnabled = false, smsNotificationsEnabled = false } = customer
  return [
    ...['database', 'mail'],
    ...(pushNotificationsEnabled ? ['push'] : []),
    ...(smsNotificationsEnabled ? ['sms'] : []),
  ]
}
