import type { AlertActions } from '../../services/alerts/alert-actions.ts'
import type { AlertStore } from '../../services/alerts/alert-store.ts'
import { CallKeys } from '../../services/alerts/call-keys.ts'
import { DeliveryReceipts } from '../../services/deliveries/delivery-receipts.ts'
import type { QueueAdmin } from '../../services/deliveries/queue-admin.ts'
import type { Directory } from '../../services/directory/directory.ts'
import { alertReplies } from '../../services/telephone/alert-replies.ts'
import { ReplyCodes } from '../../services/telephone/reply-codes.ts'
import { SmsConsent } from '../../services/telephone/sms-consent.ts'
import { SmsReplies } from '../../services/telephone/sms-replies.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'

interface Ingredients {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly directory: Directory
  readonly queues: QueueAdmin
  readonly alertActions: AlertActions
  readonly alertStore: AlertStore
}

/** What people answer by telephone, and what providers tell of what they sent. */
export function createTelephone({ directory, queues, alertActions, ...base }: Ingredients) {
  const replyCodes = new ReplyCodes(base)
  const answer = alertReplies({ ...base, alertActions, codes: replyCodes })
  const smsConsent = new SmsConsent({
    ...base,
    async setPreference(userId, wantsSms) {
      await directory.savePreferences(userId, { sms: wantsSms })
    },
  })
  return {
    callKeys: new CallKeys({ queues, alerts: alertActions }),
    receipts: new DeliveryReceipts(base),
    smsConsent,
    replyCodes,
    smsReplies: new SmsReplies({ consent: smsConsent, answer }),
  }
}
