import {
  AlertmanagerBody,
  GenericBody,
  GrafanaBody,
  type InboundHookController,
} from '../controllers/inbound-hook-controller.ts'
import { type SlackController, SlackForm } from '../controllers/slack-controller.ts'
import {
  DeliveryQuery,
  SmsForm,
  StatusForm,
  type TwilioController,
  VoiceForm,
} from '../controllers/twilio-controller.ts'
import { hookKey } from '../middleware/hook-key.ts'
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

interface InboundParts {
  readonly router: HttpRouter
  readonly hooks: InboundHookController
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
}

/** What monitoring and other systems post to: keyed, in each of the ways in which they can send a key. */
export function inboundHooks({ router, hooks, authenticate, rateLimit }: InboundParts): void {
  const shared = { tags: ['hooks'], scope: 'publish' } as const
  router.group('/hooks', [hookKey(authenticate), rateLimit], (group) => {
    const alertmanager = 'Alerts of Prometheus Alertmanager (webhook version 4)'
    group.on(
      'POST',
      '/alertmanager',
      { ...shared, body: AlertmanagerBody, summary: alertmanager },
      hooks.alertmanager,
    )
    group.on(
      'POST',
      '/grafana',
      { ...shared, body: GrafanaBody, summary: 'Alerts of Grafana' },
      hooks.grafana,
    )
    group.on(
      'POST',
      '/generic',
      { ...shared, body: GenericBody, summary: 'summary, details, action, dedup, meta' },
      hooks.generic,
    )
    group.on(
      'POST',
      '/cloudevents',
      { ...shared, status: 202, summary: 'CloudEvents 1.0: binary, structured or a batch' },
      hooks.cloudevents,
    )
  })
}

interface SlackParts {
  readonly router: HttpRouter
  readonly slack: SlackController
  readonly signedBySlack: Middleware<Context>
}

/** `/hooks/slack`, the "Request URL" of the app's interactivity: signed, so no other credential is asked for. */
export function slackHook({ router, slack, signedBySlack }: SlackParts): void {
  const summary = 'A button that was pressed in Slack'
  router.group('/hooks', [signedBySlack], (hooks) => {
    hooks.on('POST', '/slack', { tags: ['hooks'], body: SlackForm, summary }, slack.interact)
  })
}
