import { z } from 'zod'
import type { CallKeys } from '../services/alerts/call-keys.ts'
import type { DeliveryReceipts, Receipt } from '../services/deliveries/delivery-receipts.ts'
import type { SmsReplies } from '../services/telephone/sms-replies.ts'
import { type HttpContext, HttpReply, Unavailable } from '../src/index.ts'

const field = z.string().max(4096)

/** Of which deliveries a hook speaks; we put it into the URL ourselves. */
export const DeliveryQuery = z.object({
  delivery: z
    .union([field, z.array(field)])
    .transform((value) => [value].flat())
    .default([]),
})

/** What becomes of a message or a call (Twilio, "Message status callbacks"). */
export const StatusForm = z.object({
  MessageSid: field.optional(),
  MessageStatus: field.optional(),
  CallSid: field.optional(),
  CallStatus: field.optional(),
  ErrorCode: field.optional(),
  ErrorMessage: field.optional(),
})

export const SmsForm = z.object({
  MessageSid: field.optional(),
  From: field,
  Body: field.default(''),
  OptOutType: z.enum(['STOP', 'START', 'HELP']).nullish().catch(null),
})

export const VoiceForm = z.object({ CallSid: field.optional(), Digits: field.default('') })

/** Twilio's words for how far a message or call has come; others say nothing that we do not know. */
const STATES: Readonly<Record<string, Receipt['status']>> = {
  sent: 'sent',
  delivered: 'delivered',
  completed: 'delivered',
  read: 'read',
  undelivered: 'failed',
  failed: 'failed',
  busy: 'failed',
  'no-answer': 'failed',
  canceled: 'failed',
}

/** The sender's queue was full: the message was never tried. */
const QUEUE_OVERFLOW = '30001'

interface Parts {
  readonly receipts: DeliveryReceipts
  readonly replies: SmsReplies
  readonly callKeys: CallKeys
  readonly publicUrl: () => string
}

type Query = z.output<typeof DeliveryQuery>

/** `/hooks/twilio`: what Twilio tells us. */
export class TwilioController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws `Unavailable` when the delivery is not settled yet. */
  status = async ({ payload, query }: HttpContext<unknown, z.output<typeof StatusForm>, Query>) => {
    const { MessageSid, MessageStatus, CallSid = '', CallStatus, ErrorCode } = payload
    const channel = MessageSid === undefined ? 'voice' : 'sms'
    const word = MessageStatus ?? CallStatus ?? ''
    const status = STATES[word]
    if (status === undefined) return undefined
    const words = [ErrorCode, payload.ErrorMessage ?? word].filter(Boolean).join(': ')
    const receipt: Receipt = {
      ...{ status, provider: 'twilio', id: MessageSid ?? CallSid },
      ...(status === 'failed' ? { reason: words, mayTryAgain: ErrorCode === QUEUE_OVERFLOW } : {}),
    }
    const results = await Promise.all(
      query.delivery.map((id) => this.#parts.receipts.record(channel, id, receipt)),
    )
    if (status !== 'sent' && results.includes('early')) {
      throw new Unavailable('The delivery is still being settled; tell us again.')
    }
    return undefined
  }

  sms = async ({ payload }: HttpContext<unknown, z.output<typeof SmsForm>>) => {
    const { MessageSid: id = null, From, Body, OptOutType } = payload
    const sms = { id, from: From, text: Body, optOut: OptOutType ?? null }
    return xml(await this.#parts.replies.receive(sms))
  }

  voice = async (context: HttpContext<unknown, z.output<typeof VoiceForm>, Query>) => {
    const { payload, query, request } = context
    const keysUrl = this.#parts.publicUrl() + request.url
    const pressed = { key: payload.Digits, call: payload.CallSid ?? null }
    return xml(await this.#parts.callKeys.press(pressed, query.delivery, keysUrl))
  }
}

function xml(text: string): HttpReply {
  return HttpReply.text(text, 'text/xml; charset=utf-8')
}
