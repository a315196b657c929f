import { type DatabaseMessage, type Mail, mail, Notification } from '../src/index.ts'
import type { Customer, Order } from './orders.ts'

/** An order has arrived. */
export class OrderDeliveredNotification extends Notification<Customer> {
  override category = 'orders'
  readonly order: Pick<Order, 'id'>

  constructor(order: Pick<Order, 'id'>) {
    super()
    this.order = order
  }

  via() {
    return ['database', 'mail']
  }

  override toDatabase(): DatabaseMessage {
    const message = `Your order #${this.order.id} was delivered.`
    return { title: 'Order Delivered', message, actionUrl: `/orders/${this.order.id}` }
  }

  override toMail(): Mail {
    return mail(`Order #${this.order.id} was delivered`).line('We hope that you like it.').success()
  }
}
