import type { HookState } from '../services/deliveries/hook-state.ts'
import type { WebhookSecrets } from '../services/deliveries/webhook-secrets.ts'
import type { Directory } from '../services/directory/directory.ts'
import { hooksOf } from '../services/directory/user-hooks.ts'
import { type Context, NotFound } from '../src/index.ts'

type HookParams = { readonly id: string; readonly channel: string }

interface Parts {
  readonly directory: Directory
  readonly hooks: HookState
  readonly webhookSecrets: WebhookSecrets
}

/** The URLs that users bring: which of them are called, and what signs what they get. */
export class HookController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Calls a disabled hook again. */
  enable = async ({ params }: Context<HookParams>) => {
    const { directory, hooks } = this.#parts
    const user = await directory.find(params.id)
    const hook = hooksOf(user).find(({ channel }) => channel === params.channel)
    if (hook === undefined) throw new NotFound(`${params.id} has no ${params.channel} hook.`)
    await hooks.enable(hook)
    return { status: 'enabled', user_id: params.id, channel: params.channel }
  }

  /** What receivers without a secret of their own check signatures with, newest first. */
  secrets = async () => ({ secrets: await this.#parts.webhookSecrets.shared() })
}
