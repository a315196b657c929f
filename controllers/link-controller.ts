import { z } from 'zod'
import { linkPageHtml, PAGE_HEADERS } from '../services/links/link-page.ts'
import type { LinkService } from '../services/links/link-service.ts'
import { ackView, unsubscribeView, type View } from '../services/links/link-views.ts'
import { type Context, HttpReply } from '../src/index.ts'

/** A token is longer than an id. */
export const LinkParams = z.object({ token: z.string().max(1024) })

type TokenContext = Context<z.output<typeof LinkParams>>

/** One transparent pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/** `/a`, `/u`, `/o`, `/c`: what links in messages open. */
export class LinkController {
  readonly #links: LinkService

  constructor({ links }: { readonly links: LinkService }) {
    this.#links = links
  }

  showAck = async ({ params }: TokenContext) => page(ackView(await this.#links.ack(params.token)))

  ack = async ({ params }: TokenContext) =>
    page(ackView(await this.#links.acknowledge(params.token)))

  showUnsubscribe = async ({ params }: TokenContext) =>
    page(unsubscribeView(await this.#links.subscription(params.token)))

  unsubscribe = async ({ params }: TokenContext) =>
    page(unsubscribeView(await this.#links.unsubscribe(params.token)))

  open = async ({ params }: TokenContext) => {
    await this.#links.opened(params.token)
    return new HttpReply(200, PIXEL, {
      'content-type': 'image/gif',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'cross-origin',
    })
  }

  click = async ({ params }: TokenContext) =>
    HttpReply.redirect(await this.#links.clicked(params.token), 302).with({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
}

function page({ status, page }: View): HttpReply {
  return HttpReply.html(linkPageHtml(page), status).with(PAGE_HEADERS)
}
