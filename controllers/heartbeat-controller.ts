import type { z } from 'zod'
import type { Documents } from '../services/alerts/documents.ts'
import { MonitorBody, MonitorDocument } from '../services/heartbeats/monitor.ts'
import { type Context, HttpReply, validate } from '../src/index.ts'

export { MonitorBody }

type IdParam = { readonly id: string }
type Body = z.output<typeof MonitorBody>

interface Parts {
  readonly documents: Documents<MonitorDocument>
  /** Told after every change: topics may have to be subscribed. */
  readonly onChanged: () => Promise<void>
}

/** `/api/heartbeats`: what must be heard of. */
export class HeartbeatController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  list = async () => ({
    data: (await this.#parts.documents.list()).map(shown),
    next_cursor: null,
  })

  find = async ({ params }: Context<IdParam>) => shown(await this.#parts.documents.find(params.id))

  create = async ({ id, payload }: Context<unknown, Body>) => {
    const made = await this.#parts.documents.create(checked(payload, payload.id ?? id))
    await this.#parts.onChanged()
    return shown(made)
  }

  save = async ({ params, payload }: Context<IdParam, Body>) => {
    const monitor = checked(payload, params.id)
    const saved = await this.#parts.documents.change(params.id, () => monitor)
    await this.#parts.onChanged()
    return shown(saved)
  }

  remove = async ({ params }: Context<IdParam>) => {
    await this.#parts.documents.remove(params.id)
    await this.#parts.onChanged()
    return new HttpReply(204, undefined)
  }
}

/** What no field alone can say, such as that the last will names the same parameters. */
function checked(body: Body, id: string): MonitorDocument {
  const seconds = { ...body, id, timeout: body.timeout / 1000 }
  return validate(MonitorDocument, seconds, 'The monitor')
}

function shown({ timeout, ...monitor }: MonitorDocument) {
  return { ...monitor, timeout_seconds: timeout / 1000 }
}
