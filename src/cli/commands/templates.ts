import { existsSync } from 'node:fs'
import { type Client, pathTo, Refused } from '../client.ts'
import { type Command, jsonArgument } from '../command.ts'
import { WrongUsage } from '../wrong-usage.ts'

export const templateCommands: readonly Command[] = [
  {
    usage: 'templates list',
    summary: 'Every template',
    async run({ client, out }) {
      const columns = ['name', 'version', 'is_active', 'notification_type', 'permitted_params']
      const { rows } = await client.list('/api/templates')
      out.table(rows, columns, 'There are no templates.')
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
      const { channels, ...rest } = await client.post(pathTo`/api/templates/${name}/preview`, {
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

/** Changes the template of this name, or makes it. */
async function put(client: Client, name: string, body: object) {
  try {
    return await client.put(pathTo`/api/templates/${name}`, body)
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error
    return client.post('/api/templates', body)
  }
}
