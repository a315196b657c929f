import { existsSync } from 'node:fs'
import { type Client, Refused } from '../client.ts'
import { type Command, jsonArgument, WrongUsage } from '../command.ts'

export const templateCommands: readonly Command[] = [
  {
    usage: 'templates list',
    summary: 'Every template',
    async run({ client, out }) {
      const columns = ['name', 'version', 'is_active', 'notification_type', 'permitted_params']
      out.table(await everyTemplate(client), columns, 'There are no templates.')
    },
  },
  {
    usage: 'templates preview <name>',
    summary: 'What a template says on every channel',
    options: [
      ['--params <json>', 'sample values'],
      ['--locale <locale>', 'in which language'],
    ],
    examples: [`templates preview order.shipped --params '{"order":"A-1"}' --locale fr`],
    async run({ client, out }, [name = ''], { params, locale }) {
      const { channels, ...rest } = await client.post(`${pathOf(name)}/preview`, {
        params: params === undefined ? {} : jsonArgument(params as string),
        locale,
      })
      const shown = Object.entries(channels as Record<string, object>)
      const rows = shown.map(([channel, text]) => ({ channel, ...text }))
      const columns = ['channel', 'title', 'message', 'segments', 'bytes', 'error']
      out.recordWith(rest, { name: 'channels', rows, columns })
    },
  },
  {
    usage: 'templates push <folder>',
    summary: 'Put the templates of a folder (YAML or JSON files) in place',
    examples: ['templates push ./templates'],
    async run({ client, out }, [folder = '']) {
      if (!existsSync(folder)) throw new WrongUsage(`There is no folder ${folder}.`)
      const { templatesOf } = await import('../../bootstrap/template-bodies.ts')
      const pushed: Record<string, unknown>[] = []
      for (const { name, body } of await templatesOf(folder)) {
        const { version } = await put(client, name, body)
        pushed.push({ name, version })
      }
      out.table(pushed, ['name', 'version'], 'There are no files of templates in it.')
    },
  },
]

async function everyTemplate(client: Client): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = []
  let cursor: string | undefined
  do {
    const page = await client.get('/api/templates', { limit: 100, cursor })
    all.push(...(page.data as Record<string, unknown>[]))
    cursor = (page.next_cursor as string | null) ?? undefined
  } while (cursor !== undefined)
  return all
}

/** Changes the template of this name, or makes it. */
async function put(client: Client, name: string, body: object) {
  try {
    return await client.put(pathOf(name), body)
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error
    return client.post('/api/templates', body)
  }
}

function pathOf(name: string): string {
  return `/api/templates/${encodeURIComponent(name)}`
}
