import { describe, expect, it } from 'vitest'
import { AlertBody, AlertPayload } from '../../../controllers/alert-controller.ts'
import { EmailBatchPayload, EmailPayload } from '../../../controllers/email-controller.ts'
import { MessagePayload } from '../../../controllers/message-fields.ts'
import { PushPayload } from '../../../controllers/push-controller.ts'
import { ConnectPayload } from '../../../controllers/session-controller.ts'
import { SmsPayload } from '../../../controllers/sms-controller.ts'
import { MaintenancePayload, StatusPayload } from '../../../controllers/system-controller.ts'

const MAIL = { to: 'ada@example.com', subject: 'S', body: 'B' }
/** Each with what has to be there, and with everything else that may be. */
const PAYLOADS = {
  message: [MessagePayload, { message: 'M' }, 'title type priority data channels actions send_at'],
  alert: [AlertPayload, { message: 'M' }, 'source severity affected_systems labels action note'],
  'alert over HTTP': [AlertBody, { type: 't', message: 'M' }, 'severity source labels dedup_key'],
  mail: [EmailPayload, MAIL, 'html_body priority send_at cc bcc attachments reply_to_address'],
  text: [SmsPayload, { phone: '+12025550123', message: 'M' }, 'priority send_at'],
  push: [PushPayload, { token: 't', title: 'T' }, 'body data tokens user_id priority'],
  status: [StatusPayload, { status: 'ok' }, 'component message data'],
  maintenance: [MaintenancePayload, { type: 'started' }, 'duration_minutes services message'],
  session: [ConnectPayload, {}, 'session_id device_info'],
} as const

describe('null in a field', () => {
  it.each(Object.entries(PAYLOADS))('of a %s says nothing', (_kind, [schema, given, others]) => {
    const nulls = Object.fromEntries(others.split(' ').map((name) => [name, null]))
    expect(schema.parse({ ...given, ...nulls })).toEqual(schema.parse(given))
    for (const name of Object.keys(given)) {
      expect(schema.safeParse({ ...given, [name]: null }).success, name).toBe(false)
    }
  })

  it('of a mail in a batch says nothing either', () => {
    const { batch } = EmailBatchPayload.parse({ emails: [{ ...MAIL, priority: null }] })
    expect(batch).toMatchObject({ emails: [{ email: { priority: 'normal' } }], rejected: [] })
  })

  it('of a field that nobody declared is kept in data, and so is one in data', () => {
    const { data } = MessagePayload.parse({ message: 'M', reading: null, data: { unit: null } })
    expect(data).toEqual({ reading: null, unit: null })
  })
})
