/**
 * What this application says: the classes that come with Belfry, and examples of
 * how to write your own.
 *
 * @module
 */

export { DirectMessageNotification } from './direct-message.ts'
export {
  type Campaign,
  MarketingCampaignNotification,
  type Prospect,
} from './marketing-campaign.ts'
export { OrderDeliveredNotification } from './order-delivered.ts'
export { OrderShippedNotification } from './order-shipped.ts'
export type { Customer, Order } from './orders.ts'
export { SystemAlertNotification } from './system-alert.ts'
export { WelcomeNotification } from './welcome.ts'
