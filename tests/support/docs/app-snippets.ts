import { readPages } from './pages.ts'

/** A program around a snippet that says `app`: it runs from its start to its end. */
export interface AppSnippet {
  readonly where: string
  readonly program: string
}

/** What the prose around the snippets of a page takes as known. */
const KNOWN: Readonly<Record<string, string>> = {
  'docs/broadcasting.md': 'const request = { headers: {} }',
  'docs/guides/embedding.md': `
import { Notification } from 'belfry'
class OrderShipped extends Notification { via() { return ['database'] } }
const faxMachine = { dial: async () => {} }
const [users, sessions] = [new Map(), new Map()]`,
  'docs/guides/testing.md': `
import { Notification } from 'belfry'
class Welcome extends Notification {
  via() { return ['database'] }
  toDatabase() { return { message: 'Welcome' } }
}
class UserRegistered extends Event {}
async function registerUser(id) {
  await Event.dispatch(new UserRegistered())
  await Notification.send({ id }, new Welcome())
}`,
}
const APP = `import { createApp } from 'belfry/app'\nconst app = createApp()\nawait app.start()\n`

/** The snippets of the documentation that are parts of a running application. */
export function appSnippets(): readonly AppSnippet[] {
  return readPages().flatMap(({ path, fences }) =>
    fences
      .filter(({ language, marks }) => language === 'ts' && 'app' in marks)
      .map(({ text, line }) => {
        const start = text.includes('createApp') || path.endsWith('testing.md') ? '' : APP
        const known = KNOWN[path] ?? ''
        const program = [start, known, text, `if (typeof app !== 'undefined') await app.stop()`]
        return { where: `${path}:${line}`, program: program.join('\n') }
      }),
  )
}
