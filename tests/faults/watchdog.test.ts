import { afterEach, expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { type HttpVendor, startHttpVendor } from '../support/vendors/http-vendor.ts'
import { waitFor } from '../support/wait-for.ts'
import { Stage } from './support/stage.ts'

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
/** It is told once a minute. */
const MINUTE_MS = 60_000

let stage: Stage
let watchdog: HttpVendor
afterEach(async () => {
  await stage?.close()
  await watchdog?.stop()
})

it.runIf(hasServers)(
  'DEADMAN_URL hears nothing while Redis is stopped, and hears of us again after',
  async () => {
    watchdog = await startHttpVendor({ answer: () => ({ status: 200, body: 'OK' }) })
    const env = { DEADMAN_URL: `${watchdog.url}/ping/one-of-ours` }
    stage = await Stage.open({ parts: 'external', env })
    await waitFor(() => watchdog.posts.length === 1)
    expect(watchdog.posts[0]).toMatchObject({ method: 'GET', path: '/ping/one-of-ours', body: '' })

    await stage.redis.stop()
    await waitFor(() => stage.service.log().includes('the watchdog is told nothing'), {
      message: 'no round was left out',
      deadlineMs: MINUTE_MS + 20_000,
    })
    expect(watchdog.posts).toHaveLength(1)
    await stage.redis.restart()
    await waitFor(() => watchdog.posts.length === 2, {
      message: 'the watchdog was not told that we are back',
      deadlineMs: MINUTE_MS + 10_000,
    })
    expect(stage.service.log()).not.toContain('one-of-ours')
    expect(stage.crashes()).toEqual([])
  },
)
