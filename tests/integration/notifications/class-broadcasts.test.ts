import { afterAll, beforeAll, expect, it } from 'vitest'
import { Notification } from '../../../src/index.ts'
import { type OwnBelfry, startOwn } from '../../support/own-belfry.ts'
import { openEcho } from '../../support/pusher-clients.ts'
import { waitFor } from '../../support/wait-for.ts'

/** What a class says to whoever listens with Echo. */
class Live extends Notification {
  readonly text: string

  constructor(text: string) {
    super()
    this.text = text
  }
  via() {
    return ['broadcast']
  }
  override toBroadcast(): Readonly<Record<string, unknown>> {
    return { text: this.text }
  }
}

class Typed extends Live {
  override broadcastType() {
    return 'comment.new'
  }
}

class Whole extends Live {
  override broadcastWith() {
    return { all: this.text }
  }
}

class Named extends Live {
  override broadcastAs() {
    return 'comment.made'
  }
  override broadcastOn() {
    return 'private-user.ada'
  }
}

let belfry: OwnBelfry
beforeAll(async () => {
  belfry = await startOwn()
})
afterAll(() => belfry?.[Symbol.asyncDispose]())

it('[S0-066] broadcastType(), broadcastWith(), broadcastAs() and broadcastOn() of a class reach laravel-echo', async () => {
  const echo = await openEcho(Number(new URL(belfry.app.url).port), { user: 'ada' })
  const heard: object[] = []
  const named: object[] = []
  const own = echo.private('App.Models.User.ada')
  own.notification((data: object) => void heard.push(data))
  const user = echo.private('user.ada')
  user.listen('.comment.made', (data: object) => void named.push(data))
  const joined = [own, user].map(
    (channel) => new Promise<void>((resolve) => void channel.subscribed(() => resolve())),
  )
  await Promise.all(joined)
  for (const [count, each] of [new Live('one'), new Typed('two'), new Whole('three')].entries()) {
    await Notification.send('ada', each)
    await waitFor(() => heard.length > count)
  }
  expect(heard).toEqual([
    { text: 'one', id: expect.any(String), type: 'live' },
    { text: 'two', id: expect.any(String), type: 'comment.new' },
    { all: 'three' },
  ])
  await Notification.send('ada', new Named('four'))
  await waitFor(() => named.length === 1)
  expect(named).toEqual([{ text: 'four', id: expect.any(String), type: 'named' }])
  echo.disconnect()
})
