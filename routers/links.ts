import { type LinkController, LinkParams } from '../controllers/link-controller.ts'
import type { Context, HttpGroup, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly links: LinkController
}

const shared = { tags: ['links'], params: LinkParams } as const

/** Signed links: the token is the credential, so no other is asked for. */
export function linkRoutes({ router, links }: Parts): void {
  declare(router, links)
}

/** The same of tenants: `toTenant` hands each to the tenant that the path names, whose secret signed it. */
export function tenantLinkRoutes({
  router,
  links,
  toTenant,
}: Parts & { readonly toTenant: Middleware<Context> }): void {
  router.group('/t/{tenant}', [toTenant], (group) => declare(group, links))
}

function declare(router: HttpGroup<string>, links: LinkController): void {
  const ack = { ...shared, summary: 'A page with the alert and a button to acknowledge it' }
  router.on('GET', '/a/{token}', ack, links.showAck)
  router.on('POST', '/a/{token}', { ...shared, summary: 'Acknowledge, once' }, links.ack)
  const leave = { ...shared, summary: 'A page with a button to unsubscribe' }
  router.on('GET', '/u/{token}', leave, links.showUnsubscribe)
  const oneClick = { ...shared, summary: 'Unsubscribe at once (RFC 8058)' }
  router.on('POST', '/u/{token}', oneClick, links.unsubscribe)
  router.on('GET', '/o/{token}', { ...shared, summary: 'A mail was opened: a pixel' }, links.open)
  const click = { ...shared, status: 302, summary: 'A link was followed: on to the signed URL' }
  router.on('GET', '/c/{token}', click, links.click)
}
