import { z } from 'zod'
import type { OwnApp } from '../services/access/tenant-app.ts'
import { type Context, duration } from '../src/index.ts'

export const AppBody = z.object({
  /** How much longer the pair before holds. Default: a day. */
  keep_for: z.union([z.literal(0), duration()]).optional(),
})

/** `/api/app`: the application that clients of the Pusher protocol connect to. */
export class AppController {
  readonly #app: OwnApp

  constructor({ app }: { readonly app: OwnApp }) {
    this.#app = app
  }

  show = async () => this.#app.show()

  rotate = async ({ payload }: Context<unknown, z.output<typeof AppBody> | undefined>) =>
    this.#app.rotate(payload?.keep_for)
}
