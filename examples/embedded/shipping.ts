import { Notification } from 'belfry'
import type { OwnRoutes } from 'belfry/app'

export class OrderShipped extends Notification {
  readonly order: string

  constructor(order: string) {
    super()
    this.order = order
  }

  via() {
    return ['database', 'realtime']
  }

  toDatabase() {
    return { title: 'On its way', message: `Your order ${this.order} has left us.` }
  }
}

/** What the shop adds: a customer hears of it when an order is shipped. */
export function shipping({ listen, notifications }: OwnRoutes) {
  notifications(OrderShipped)
  listen('order.shipped', async function tellCustomer(event: { order: string; customer: string }) {
    await Notification.send(event.customer, new OrderShipped(event.order))
  })
}
