import { effect, signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { api, Problem } from './core/api.ts'
import { place } from './core/route.ts'
import { may, me, token, userName } from './core/session.ts'
import { startStream, stopStream } from './core/stream.ts'
import { messageOf } from './core/words.ts'
import { Login } from './login.tsx'
import { PAGES, type PageEntry } from './pages.ts'
import { Button, Empty } from './parts/basics.tsx'
import { Page } from './parts/layout.tsx'
import { Shell } from './shell.tsx'

/** What stands in the way of showing anything; `login`: nobody said who he is. */
const obstacle = signal<'asking' | 'login' | string | null>('asking')

/** Asks who is looking, now and whenever the credential changes. */
effect(() => {
  const shown = `${token.value} ${userName.value}`
  me.value = null
  void identify(shown)
})

async function identify(shown: string): Promise<void> {
  try {
    const answer = await api.get('api/me')
    if (shown !== `${token.peek()} ${userName.peek()}`) return
    me.value = answer
    obstacle.value = null
    startStream()
  } catch (error) {
    stopStream()
    const isUnknown = error instanceof Problem && [401, 403].includes(error.status)
    obstacle.value = isUnknown ? 'login' : messageOf(error)
  }
}

/** The page that the address names, of those that whoever looks may see. */
export function App() {
  if (obstacle.value === 'asking') return <p class="waiting">…</p>
  if (obstacle.value === 'login' || (obstacle.value === null && me.value === null)) return <Login />
  if (obstacle.value !== null) return <Away reason={obstacle.value} />
  const allowed = PAGES.filter(({ scope }) => may(scope))
  const entry = place.value.page === '' ? allowed[0] : PAGES.find(isHere)
  return (
    <Shell pages={allowed} here={entry?.path ?? ''}>
      {entry && may(entry.scope) ? <Loaded key={entry.path} entry={entry} /> : <Nowhere />}
    </Shell>
  )
}

function isHere({ path }: PageEntry): boolean {
  return path === place.value.page
}

const loaded = new Map<string, ComponentType>()

function Loaded({ entry }: { entry: PageEntry }) {
  const [, setReady] = useState(loaded.has(entry.path))
  const [failure, setFailure] = useState<string | null>(null)
  useEffect(() => {
    if (loaded.has(entry.path)) return
    entry.load().then(
      ({ View }) => {
        loaded.set(entry.path, View)
        setReady(true)
      },
      (error) => setFailure(messageOf(error)),
    )
  }, [entry])
  const View = loaded.get(entry.path)
  if (View) return <View />
  return (
    <Page title={entry.name}>
      {failure === null ? null : (
        <>
          <Empty title="This page could not be loaded">
            {failure} Is the service running? Was it updated?
          </Empty>
          <div class="acts">
            <Button kind="main" icon="reload" onClick={() => location.reload()}>
              Load again
            </Button>
          </div>
        </>
      )}
    </Page>
  )
}

function Nowhere() {
  return (
    <Page title="Nothing here">
      <Empty title="There is no such page, or it is not for you">
        What you may see depends on the scopes of your token. The pages that you may open are in the
        navigation.
      </Empty>
    </Page>
  )
}

function Away({ reason }: { reason: string }) {
  return (
    <main class="login">
      <div class="login-card">
        <h1>Belfry</h1>
        <p role="alert">{reason}</p>
        <button type="button" class="button button-main" onClick={() => location.reload()}>
          Try again
        </button>
      </div>
    </main>
  )
}
