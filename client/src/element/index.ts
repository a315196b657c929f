/**
 * `@belfry/client/element`: `<notification-bell>` for every page. Importing it
 * makes the element known, where there are elements.
 *
 * @module
 */

import { NotificationBellElement } from './bell.ts'

export { NotificationBellElement } from './bell.ts'
export { ENGLISH, FRENCH, type Labels } from './labels.ts'

const NAME = 'notification-bell'

if (typeof customElements !== 'undefined' && customElements.get(NAME) === undefined) {
  customElements.define(NAME, NotificationBellElement)
}

declare global {
  interface HTMLElementTagNameMap {
    'notification-bell': NotificationBellElement
  }
}
