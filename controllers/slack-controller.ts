import { z } from 'zod'
import type { SlackAnswers, SlackUpdate } from '../services/hooks/slack-answers.ts'
import { type HttpContext, HttpReply, InvalidPayload } from '../src/index.ts'

/** Slack posts a form with one field, which is JSON. */
export const SlackForm = z.object({ payload: z.string().max(200_000) })

const Block = z.looseObject({
  type: z.string(),
  elements: z.array(z.record(z.string(), z.unknown())).exactOptional(),
})

/** A press of a button in a message (Slack, "block_actions payload"); other interactions are let be. */
const Press = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().regex(/^[A-Z][A-Z0-9]{1,30}$/) }),
  actions: z.array(z.record(z.string(), z.unknown())).min(1).max(25),
  message: z.object({ text: z.string().default(''), blocks: z.array(Block).max(50).default([]) }),
  response_url: z.url(),
})

interface Parts {
  readonly slackAnswers: SlackAnswers
  /** Puts an updated message in the place of the old one; it reports its own failures. */
  readonly update: (responseUrl: string, message: SlackUpdate) => void
}

/** `/hooks/slack`: what people choose in Slack. */
export class SlackController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Answers within Slack's three seconds, when the choice is stored; the message follows. */
  interact = async ({ payload }: HttpContext<unknown, z.output<typeof SlackForm>>) => {
    const press = Press.safeParse(jsonOf(payload.payload))
    if (!press.success) return DONE
    const { user, actions, message, response_url } = press.data
    const { slackAnswers, update } = this.#parts
    const updated = await slackAnswers.press({ member: user.id, button: actions[0]!, message })
    if (updated !== null) update(response_url, updated)
    return DONE
  }
}

/** Slack takes 200 without a body as an answer, and nothing else. */
const DONE = HttpReply.text('')

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidPayload('The field payload is not JSON.')
  }
}
