import { useState } from 'preact/hooks'
import { address, Problem } from './core/api.ts'
import { token } from './core/session.ts'
import { messageOf } from './core/words.ts'
import { Command } from './parts/basics.tsx'
import { Mark } from './parts/icon.tsx'
import { Field } from './parts/layout.tsx'

/** Asks for a token or an API key, and tries it before it is kept. */
export function Login() {
  const [value, setValue] = useState('')
  const [trouble, setTrouble] = useState<string | null>(null)
  const submit = async (event: Event) => {
    event.preventDefault()
    setTrouble(null)
    try {
      await tried(value.trim())
      token.value = value.trim()
    } catch (error) {
      setTrouble(messageOf(error))
    }
  }
  return (
    <main class="login">
      <form class="login-card" onSubmit={(event) => void submit(event)}>
        <Mark />
        <h1>Belfry</h1>
        <p>Every message, from the topic to the person. Say who you are.</p>
        <Field label="Token or API key" hint="It stays in this tab and is gone when you close it.">
          {(id) => (
            <input
              id={id}
              type="password"
              autocomplete="current-password"
              required
              value={value}
              onInput={({ currentTarget }) => setValue(currentTarget.value)}
            />
          )}
        </Field>
        {trouble === null ? null : (
          <p class="form-trouble" role="alert">
            {trouble}
          </p>
        )}
        <button type="submit" class="button button-main">
          Come in
        </button>
        <details>
          <summary>I have none</summary>
          <p>The first start prints a key. Another one is made beside the service's data:</p>
          <Command text="belfry keys create --name me --scope admin" />
        </details>
      </form>
    </main>
  )
}

/** A key with a mistake in it is told from a service that is away. */
async function tried(credential: string): Promise<void> {
  const headers = new Headers()
  try {
    headers.set('authorization', `Bearer ${credential}`)
  } catch {
    throw new Error('This cannot be a token: it has characters that no header can carry.')
  }
  const answer = await fetch(address('api/me'), { headers }).catch(() => {
    throw new Problem(0, { detail: 'The service does not answer. Is it running?' })
  })
  if (answer.ok) return
  throw new Problem(answer.status, await answer.json().catch(() => ({})))
}
