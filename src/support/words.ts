const BOUNDARY = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/

/** `OrderShipped` → `['order', 'shipped']`. */
export function wordsOf(name: string): string[] {
  return name.split(BOUNDARY).map((word) => word.toLowerCase())
}

/** `OrderShippedNotification` → `Order Shipped`: what a thing is called when nobody said. */
export function titleOf(className: string): string {
  const words = wordsOf(className.replace(/Notification$/, '') || className)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')
}
