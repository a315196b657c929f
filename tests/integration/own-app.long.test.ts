import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import { startService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const folders: string[] = []

/** A folder for `BELFRY_APP` with one router file. */
function appWith(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-app-'))
  folders.push(folder)
  mkdirSync(join(folder, 'routers'))
  writeFileSync(join(folder, 'routers', 'garden.ts'), source)
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

describe('an application of your own (BELFRY_APP)', () => {
  it('adds topics and paths beside the built-in ones', async () => {
    const folder = appWith(`
      export function routes({ router, http, middleware, services }: any) {
        router.group('garden', [middleware.authenticate], (garden: any) => {
          garden.on('{bed}/moisture', { qos: 1 }, async ({ params, payload }: any) => {
            await services.directory.save('gardener', { data: { [params.bed]: payload.percent } })
            return { status: 'noted' }
          })
        })
        http.on('GET', '/garden', { summary: 'Beds', tags: ['garden'] }, async () =>
          (await services.directory.find('gardener')).data)
      }
    `)
    const service = await startService({ env: { BELFRY_APP: folder } })
    const device = await mqtt.connectAsync(service.mqttUrl)
    await device.publishAsync('garden/roses/moisture', '{"percent":12}', { qos: 1 })
    await device.endAsync()
    await waitFor(async () => (await service.api('GET', '/garden')).body.roses === 12, {
      message: 'the route of our own was not reached',
    })
    await service.stop()
  })

  it.each([
    ['cannot be loaded', 'this is no TypeScript', 'could not be loaded'],
    ['exports no routes', 'export const nothing = 1', 'must export a function called routes'],
    [
      'declares a topic that is taken',
      `export const routes = ({ router }: any) => {
        router.on('notifications/realtime/user/{someone}', { qos: 1 }, async () => {})
      }`,
      'Two routes match the same topics',
    ],
  ])('stops the start when a router file %s', async (_what, source, message) => {
    const env = { BELFRY_APP: appWith(source) }
    await expect(startService({ env })).rejects.toThrow(message)
  })
})
