import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../../support/service.ts'
import { waitFor } from '../../support/wait-for.ts'

/** An application that imports `belfry` and is killed in the middle of its work. */
describe('a folder of your own (BELFRY_APP) with notifications and listeners', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-app-'))
  const ledger = join(folder, 'ledger')
  let service: TestService

  beforeAll(async () => {
    for (const name of ['routers', 'notifications']) mkdirSync(join(folder, name))
    writeFileSync(ledger, '')
    writeFileSync(
      join(folder, 'notifications', 'parcel.ts'),
      `import { Notification } from 'belfry'
      import { appendFileSync } from 'node:fs'
      export class ParcelArrived extends Notification {
        number: number
        constructor(number: number) {
          super()
          this.number = number
        }
        via() { return ['database', 'mail'] }
        toDatabase() { return { title: 'Parcel', message: 'No. ' + this.number } }
        toMail() { return { line: 'No. ' + this.number } }
        shouldSend(to: { email: string }, channel: string) {
          appendFileSync(${JSON.stringify(ledger)}, channel + ' ' + to.email + '\\n')
          return true
        }
      }`,
    )
    writeFileSync(
      join(folder, 'routers', 'parcels.ts'),
      `import { appendFileSync, readFileSync } from 'node:fs'
      import { Notification } from 'belfry'
      import { ParcelArrived } from '../notifications/parcel.ts'
      const ledger = ${JSON.stringify(ledger)}
      export function routes({ listen }: any) {
        listen('parcel.arrived', async function tellOwner(payload: any) {
          appendFileSync(ledger, 'begun ' + payload.number + '\\n')
          // The first time the process is killed while this waits.
          if (readFileSync(ledger, 'utf8').split('begun').length === 2) await new Promise(() => {})
          await Notification.send({ id: 'owner', email: 'owner@example.com' }, new ParcelArrived(payload.number))
        }, { queue: 'parcels' })
      }`,
    )
    const env = {
      BELFRY_APP: folder,
      QUEUE_VISIBILITY_TIMEOUT: '2',
      QUEUE_HEARTBEAT_INTERVAL: '1',
      QUEUE_REAPER_INTERVAL: '1',
    }
    service = await startService({ env })
  })
  afterAll(async () => {
    await service?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('[S0-037 S0-043] a queued listener survives SIGKILL, and a notification is asked in the worker', async () => {
    const event = { name: 'parcel.arrived', payload: { number: 7 } }
    expect((await service.api('POST', '/api/events', event)).status).toBe(202)
    const told = () => readFileSync(ledger, 'utf8')
    await waitFor(() => told().includes('begun 7'), { message: 'the listener was not asked' })
    await service.kill()
    await service.restart()
    await waitFor(() => told().includes('mail owner@example.com'), {
      message: 'the listener was not asked again',
    })
    const { body } = await service.api('GET', '/api/notifications?user_id=owner')
    expect(body.data).toMatchObject([{ title: 'Parcel', message: 'No. 7', type: 'parcel-arrived' }])
    const mail = await waitFor(async () => {
      const { body: outbox } = await service.api('GET', '/api/outbox?channel=email')
      return outbox.data[0]
    })
    expect(mail).toMatchObject({ to: 'owner@example.com', subject: 'Parcel Arrived' })
    expect(told().match(/^database /gm)).toHaveLength(1)
  })

  it('[S0-089] what is critical reaches somebody who wants nothing and sleeps, through a kill', async () => {
    const user = '/api/users/sleeper'
    const words = { message_template: 'It burns.', title_template: 'Fire' }
    await service.api('POST', '/api/templates', { name: 'fire', critical: true, ...words })
    await service.api('PUT', user, { email: 'sleeper@example.com' })
    const never = { realtime: false, email: false, muted_types: ['fire'], database: false }
    await service.api('PUT', `${user}/preferences`, never)
    const always = { start: '00:00', end: '23:59', mode: 'drop' }
    await service.api('PUT', `${user}/quiet-hours`, always)
    const plain = { to: 'user:sleeper', message: 'Look at this.', channels: ['email'] }
    const { body: refused } = await service.api('POST', '/api/notifications', plain)
    expect(refused.rejected).toMatchObject([{ error: { code: 'filtered' } }])
    const sent = await service.api('POST', '/api/notifications', { ...plain, template: 'fire' })
    expect(sent.body.notifications).toMatchObject([{ channels: ['email'] }])
    await service.kill()
    await service.restart()
    const mails = await waitFor(async () => {
      const { body } = await service.api('GET', '/api/outbox?channel=email')
      const his = body.data.filter(({ to }: { to: string }) => to === 'sleeper@example.com')
      return his.length > 0 && his
    })
    expect(mails).toMatchObject([{ subject: 'Fire', text: expect.stringContaining('It burns.') }])
    const { body } = await service.api('GET', '/api/notifications?user_id=sleeper')
    expect(body.data).toMatchObject([{ title: 'Fire', read: false }])
  })
})
