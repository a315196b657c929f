import {
  type DatabaseMessage,
  type Mail,
  mail,
  Notification,
  type PushMessage,
  type SmsMessage,
} from '../src/index.ts'
import { type Customer, channelsOf, type Order } from './orders.ts'

/** An order is on its way. */
export class OrderShippedNotification extends Notification<Customer> {
  override category = 'orders'
  readonly order: Order

  constructor(order: Order) {
    super()
    this.order = order
  }

  via(customer: Customer) {
    return channelsOf(customer)
  }

  override toDatabase(): DatabaseMessage {
    const { id, trackingNumber } = this.order
    return {
      title: 'Order Shipped!',
      message: `Your order #${id} is on its way!`,
      actionUrl: '/orders/track',
      icon: 'shipping',
      tracking_number: trackingNumber,
    }
  }

  override toMail(): Mail {
    const { id, trackingNumber, trackingUrl } = this.order
    return mail(`Order #${id} has shipped`)
      .greeting('Good news!')
      .line(`Your order #${id} is on its way.`)
      .action('Track it', trackingUrl)
      .line(`Its tracking number is ${trackingNumber}.`)
  }

  override toPush(): PushMessage {
    const { id, trackingNumber } = this.order
    return {
      title: 'Order Shipped!',
      body: `Your order #${id} is on its way!`,
      icon: 'shipping',
      data: { order_id: String(id), tracking_number: trackingNumber },
      clickAction: '/orders/track',
    }
  }

  override toSms(): SmsMessage {
    const { id, trackingUrl } = this.order
    return {
      content: `Your order #${id} has shipped! Track: ${trackingUrl}`,
      fromNumber: '+1234567890',
    }
  }
}
