import { type Command, jsonArgument } from '../command.ts'

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
    usage: 'event-types set <name> <json>',
    summary: 'Say what holds for a type, in place of what was saved of it before',
    examples: [
      `event-types set order.shipped '{"conditions":["payload.total >= 100"]}'`,
      `event-types set comment.added '{"digest":{"window":"10m","key":"doc"},"preferences":"Apps"}'`,
    ],
    async run({ client, out }, [name, json = '']) {
      out.record(await client.put(pathOf(name), jsonArgument(json) as object))
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

function pathOf(name = ''): string {
  return `/api/event-types/${encodeURIComponent(name)}`
}
