/** What the buttons of an alert do. */
export type SlackVerb = 'acknowledge' | 'resolve'

/** A press of one of our buttons: what is to be done, and to which alert. */
export interface SlackChoice {
  readonly verb: SlackVerb
  readonly alertId: string
  /** Who the message was for. */
  readonly userId: string
}

const ACTION = /^alert-(acknowledge|resolve)-\d+$/

/** How a button names itself and carries its alert; `index` tells those of one message apart. */
export function slackChoice({ verb, alertId, userId }: SlackChoice, index: number) {
  return { action_id: `alert-${verb}-${index}`, value: JSON.stringify([alertId, userId]) }
}

/** What a button of ours stands for; `null`: it is none of ours. */
export function readSlackChoice(button: {
  readonly action_id?: unknown
  readonly value?: unknown
}): SlackChoice | null {
  const verb = ACTION.exec(String(button.action_id ?? ''))?.[1] as SlackVerb | undefined
  if (verb === undefined || typeof button.value !== 'string') return null
  try {
    const [alertId, userId] = JSON.parse(button.value) as unknown[]
    return typeof alertId === 'string' && typeof userId === 'string'
      ? { verb, alertId, userId }
      : null
  } catch {
    return null
  }
}
