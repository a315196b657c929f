import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { asyncApiOf } from '../../../src/mqtt/asyncapi.ts'
import { Router } from '../../../src/mqtt/router.ts'

const require = createRequire(import.meta.url)
const info = { title: 'Belfry', version: '1.0.0', description: 'Notifications.' }
const server = { host: '127.0.0.1:1883', protocol: 'mqtt' }

interface Document {
  readonly channels: Record<string, unknown>
  readonly operations: Record<string, unknown>
}

function documentOf(router: Router): Document {
  return JSON.parse(JSON.stringify(asyncApiOf(router.routes, info, server)))
}

describe('asyncApiOf()', () => {
  const router = new Router()
  const payload = z.object({ message: z.string().min(1), at: z.number().transform(String) })
  router.group('notifications', [], (group) => {
    group.on('realtime/user/{user_id}', { qos: 1, payload, text: true }, async () => {})
    group.on('files/{id:int}/{rest*}', { qos: 0 }, async () => {})
  })

  it('is a valid AsyncAPI 3.0 document by the official schema', () => {
    const path = require.resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json')
    const ajv = new Ajv({ strict: false, validateFormats: true, allErrors: true })
    ;(formats as unknown as (ajv: Ajv) => void)(ajv)
    const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')))
    const isValid = validate(documentOf(router))
    expect(validate.errors ?? []).toEqual([])
    expect(isValid).toBe(true)
  })

  it('names every topic with its parameters, its quality of service and its payload', () => {
    const document = documentOf(router)
    expect(document.channels.notifications_realtime_user_user_id).toMatchObject({
      address: 'notifications/realtime/user/{user_id}',
      parameters: { user_id: {} },
    })
    expect(document.channels.notifications_files_id_int_rest).toMatchObject({
      address: 'notifications/files/{id}/{rest}',
    })
    expect(JSON.stringify(document.channels)).toContain('"message":{"type":"string","minLength":1}')
    expect(document.operations.receive_notifications_realtime_user_user_id).toMatchObject({
      action: 'receive',
      bindings: { mqtt: { qos: 1 } },
    })
  })
})
