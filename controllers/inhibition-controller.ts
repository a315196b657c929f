import { z } from 'zod'
import type { Inhibitions } from '../services/noise/inhibitions.ts'
import { type Context, HttpReply } from '../src/index.ts'
import { safeId } from './fields.ts'
import { isParticular, matchers } from './silence-fields.ts'

const side = () =>
  matchers().refine(isParticular, 'must not match every alert: name a label that is not empty')

/** A rule by which alerts keep others quiet. */
export const InhibitionBody = z.object({
  id: safeId().optional(),
  name: z.string().min(1).max(200),
  source_matchers: side(),
  target_matchers: side(),
  equal: z.array(z.string().min(1).max(100)).max(20).default([]),
})

type IdParam = { readonly id: string }
type Asked = z.output<typeof InhibitionBody>

/** `/api/inhibition-rules`: which alerts keep which others quiet. */
export class InhibitionController {
  readonly #inhibitions: Inhibitions

  constructor({ inhibitions }: { readonly inhibitions: Inhibitions }) {
    this.#inhibitions = inhibitions
  }

  list = async () => ({ data: await this.#inhibitions.list(), next_cursor: null })

  find = async ({ params }: Context<IdParam>) => this.#inhibitions.find(params.id)

  create = async ({ id, payload }: Context<unknown, Asked>) =>
    this.#inhibitions.create({ ...payload, id: payload.id ?? id })

  save = async ({ params, payload }: Context<IdParam, Asked>) =>
    this.#inhibitions.save({ ...payload, id: params.id })

  remove = async ({ params }: Context<IdParam>) => {
    await this.#inhibitions.remove(params.id)
    return new HttpReply(204, undefined)
  }
}
