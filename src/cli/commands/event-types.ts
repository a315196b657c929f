import { readFile } from 'node:fs/promises'
import { messageOf } from '../../support/errors.ts'
import { type Command, jsonArgument } from '../command.ts'
import { WrongUsage } from '../wrong-usage.ts'

const COLUMNS = ['name', 'display_name', 'category', 'critical', 'channels', 'conditions', 'delay']

export const eventTypeCommands: readonly Command[] = [
  {
    usage: 'event-types list',
    summary: 'Every type of event that something is said of',
    async run({ client, out }) {
      const { data } = await client.get('/api/event-types')
      out.table(data as Record<string, unknown>[], COLUMNS, 'Nothing is said of any type.')
    },
  },
  {
    usage: 'event-types show <name>',
    summary: 'What holds for one type',
    async run({ client, out }, [name]) {
      out.record(await client.get(pathOf(name)))
    },
  },
  {
    usage: 'event-types set <name> [json]',
    summary: 'Say what holds for a type, in place of what was saved of it before',
    options: [['--schema <file>', 'what its payload must be: a file of JSON Schema']],
    examples: [
      `event-types set order.shipped '{"conditions":["payload.total >= 100"]}'`,
      `event-types set comment.added '{"digest":{"window":"10m","key":"doc"},"preferences":"Apps"}'`,
      'event-types set order.shipped --schema ./order.schema.json',
    ],
    async run({ client, out }, [name, json], { schema: file }) {
      if (json === undefined && file === undefined) {
        throw new WrongUsage('Say what holds for it: JSON, or --schema <file>.')
      }
      const said = jsonArgument(json ?? '{}') as object
      const schema = file === undefined ? {} : { schema: await schemaIn(String(file)) }
      out.record(await client.put(pathOf(name), { ...said, ...schema }))
    },
  },
  {
    usage: 'event-types remove <name>',
    summary: 'Forget what was saved of a type; what the application defines stays',
    async run({ client, out }, [name]) {
      const left = await client.delete(pathOf(name))
      out.done(`What was saved of ${name} is forgotten.`, left)
    },
  },
]

async function schemaIn(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new WrongUsage(`${file} is no file of JSON Schema: ${messageOf(error)}`)
  }
}

function pathOf(name = ''): string {
  return `/api/event-types/${encodeURIComponent(name)}`
}
