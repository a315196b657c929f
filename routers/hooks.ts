import {
  DeliveryQuery,
  SmsForm,
  StatusForm,
  type TwilioController,
  VoiceForm,
} from '../controllers/twilio-controller.ts'
import type { Context, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly twilio: TwilioController
  readonly signedByTwilio: Middleware<Context>
}

/** Everything under `/hooks/twilio`: signed, so no other credential is asked for. */
export function twilioHooks({ router, twilio, signedByTwilio }: Parts): void {
  const tags = ['hooks']
  router.group('/hooks/twilio', [signedByTwilio], (hooks) => {
    hooks.on(
      'POST',
      '/status',
      { tags, body: StatusForm, query: DeliveryQuery, summary: 'What became of a message or call' },
      twilio.status,
    )
    hooks.on(
      'POST',
      '/sms',
      { tags, body: SmsForm, summary: 'A text message to us: STOP, START, or an answer' },
      twilio.sms,
    )
    hooks.on(
      'POST',
      '/voice',
      { tags, body: VoiceForm, query: DeliveryQuery, summary: 'A key that was pressed in a call' },
      twilio.voice,
    )
  })
}
