import { type Answer, pathTo } from '../client.ts'
import { type Command, jsonArgument } from '../command.ts'
import type { Output } from '../output.ts'
import { WrongUsage } from '../wrong-usage.ts'

type Row = Readonly<Record<string, unknown>>

const SENT_COLUMNS = ['notification_id', 'user_id', 'channels', 'status', 'send_at']

export const peopleCommands: readonly Command[] = [
  {
    usage: 'send <audience> <message>',
    summary: 'Send a message: to user:<id>, group:<id>, role:<name>, all, an address or a number',
    options: [
      ['--title <text>', 'its title'],
      ['--type <word>', 'info, success, warning, error or a word of your own'],
      ['--priority <word>', 'low, normal, high or critical'],
      ['--channels <list>', 'realtime,email,sms,push …'],
      ['--data <json>', 'further fields'],
      ['--at <moment>', 'later: ISO 8601 or epoch seconds'],
    ],
    examples: ['send user:42 "The pump is back" --priority high', 'send all "We close at 18:00"'],
    async run({ client, out }, [audience = '', message], options) {
      const answer = await client.post('/api/notifications', {
        to: audienceOf(audience),
        message,
        title: options.title,
        type: options.type,
        priority: options.priority,
        channels: (options.channels as string | undefined)?.split(','),
        data: options.data === undefined ? undefined : jsonArgument(options.data as string),
        send_at: options.at,
      })
      showSent(out, answer)
    },
  },
  {
    usage: 'users list',
    summary: 'Everybody in the directory',
    async run({ client, out }) {
      const { rows } = await client.list('/api/users')
      out.table(rows, ['id', 'email', 'phone', 'roles', 'groups'], 'Nobody yet.')
    },
  },
  {
    usage: 'users show <id>',
    summary: 'One user with preferences',
    async run({ client, out }, [id]) {
      const [user, preferences] = await Promise.all([
        client.get(pathTo`/api/users/${id}`),
        client.get(pathTo`/api/users/${id}/preferences`),
      ])
      out.record({ ...user, preferences })
    },
  },
  {
    usage: 'users set <id> <json>',
    summary: 'Create or change a user',
    examples: [`users set 42 '{"email":"ada@example.com","roles":["admin"]}'`],
    async run({ client, out }, [id, json = '']) {
      out.record(await client.put(pathTo`/api/users/${id}`, jsonArgument(json)))
    },
  },
  {
    usage: 'users enable-hook <id> <channel>',
    summary: 'Call a slack, discord or webhook URL again that was disabled',
    async run({ client, out }, [id, channel]) {
      const answer = await client.post(pathTo`/api/users/${id}/hooks/${channel}/enable`, {})
      out.done(`The ${channel} hook of ${id} is called again.`, answer)
    },
  },
  {
    usage: 'users export <id>',
    summary: 'Everything that is kept of a user, as JSON',
    async run({ client, out }, [id]) {
      out.line(JSON.stringify(await client.get(pathTo`/api/users/${id}/data`), null, 2))
    },
  },
  {
    usage: 'users erase <id>',
    summary: 'Erase everything that is kept of a user',
    options: [['--yes', 'really']],
    async run({ client, out }, [id], { yes }) {
      if (!yes) throw new WrongUsage('This cannot be undone; say --yes.')
      out.record(await client.delete(pathTo`/api/users/${id}/data`))
    },
  },
  {
    usage: 'groups add <group> <users...>',
    summary: 'Put users into a group',
    async run({ client, out }, [group, ...members]) {
      const answer = await client.post(pathTo`/api/groups/${group}/members`, {
        members: members.flat(),
      })
      out.done(`${answer.added} in ${group}.`, answer)
    },
  },
  {
    usage: 'groups remove <group> <users...>',
    summary: 'Take users out of a group',
    async run({ client, out }, [group, ...members]) {
      const body = { members: members.flat() }
      const answer = await client.delete(pathTo`/api/groups/${group}/members`, body)
      out.done(`${answer.removed} out of ${group}.`, answer)
    },
  },
  {
    usage: 'oncall add <alert-type> <users...>',
    summary: 'Put users on call for a type of alert',
    async run({ client, out }, [type, ...members]) {
      const answer = await client.post(pathTo`/api/oncall/${type}`, { members: members.flat() })
      out.done(`On call for ${type}: ${(answer.data as string[]).join(', ')}.`, answer)
    },
  },
  {
    usage: 'oncall remove <alert-type> <users...>',
    summary: 'Take users off call',
    async run({ client, out }, [type, ...members]) {
      const answer = await client.delete(pathTo`/api/oncall/${type}`, { members: members.flat() })
      out.done(`On call for ${type}: ${(answer.data as string[]).join(', ') || 'nobody'}.`, answer)
    },
  },
  {
    usage: 'oncall',
    summary: 'Who is on call, by which schedule or for which type of alert',
    options: [
      ['--at <time>', 'at another moment, as ISO 8601'],
      ['--type <type>', 'only who answers for one type of alert'],
    ],
    examples: ['oncall --type disk_full --at 2026-12-24T18:00:00Z'],
    async run({ client, out }, _args, { at, type }) {
      const { schedules, sets, ...rest } = await client.get('/api/oncall', { at, type })
      out.sections(rest, [
        { name: 'schedules', rows: schedules as Row[], columns: ['id', 'name', 'users'] },
        { name: 'sets', rows: sets as Row[], columns: ['type', 'users'] },
      ])
    },
  },
  {
    usage: 'oncall show <alert-type>',
    summary: 'Who is on call for a type of alert',
    async run({ client, out }, [type]) {
      const answer = await client.get(pathTo`/api/oncall/${type}`)
      out.done((answer.data as string[]).join('\n') || 'Nobody.', answer)
    },
  },
]

/** Who gets it, and who does not: then the command has failed. */
function showSent(out: Output, { notifications, rejected, ...rest }: Answer): void {
  const lists = [
    { name: 'notifications', rows: notifications as Row[], columns: SENT_COLUMNS },
    { name: 'rejected', rows: rejected as Row[], columns: ['to', 'error'] },
  ]
  out.sections(rest, out.isJson ? lists : lists.filter(({ rows }) => rows.length > 0))
  const { length } = rejected as Row[]
  if (length > 0)
    throw new Error(`${length === 1 ? 'One recipient was' : `${length} were`} rejected.`)
}

/** Words of an audience as they are; an address or a number as an on-demand recipient. */
function audienceOf(text: string): unknown {
  if (text.includes('@') && !text.includes(':')) return { email: text }
  if (/^\+\d+$/.test(text)) return { phone: text }
  return text.includes(',') ? text.split(',') : text
}
