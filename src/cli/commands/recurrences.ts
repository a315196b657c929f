import { pathTo } from '../client.ts'
import { type Command, jsonArgument, type Options, wholeNumber } from '../command.ts'

const COLUMNS = ['id', 'status', 'cron', 'timezone', 'to', 'message', 'sent', 'next_at']

interface Listed {
  readonly timezone: string
  readonly send_in_user_timezone: boolean
  readonly message: { readonly message: string }
}

function termsOf(options: Options) {
  const { timezone, count, until, misfire, userTimezone: byUser } = options
  return {
    ...{ timezone, until, misfire, count: wholeNumber('--count', count) },
    send_in_user_timezone: byUser,
  }
}

export const recurrenceCommands: readonly Command[] = [
  {
    usage: 'recurrences list',
    summary: 'What is sent again and again',
    async run({ client, out }) {
      const { data } = await client.get('/api/recurrences', { limit: 1000 })
      const rows = (data as readonly Listed[]).map((each) => ({
        ...each,
        timezone: each.send_in_user_timezone ? `each one's (${each.timezone})` : each.timezone,
        message: each.message.message,
      }))
      out.table(rows, COLUMNS, 'Nothing is sent again and again.')
    },
  },
  {
    usage: 'recurrences show <id>',
    summary: 'One of them',
    async run({ client, out }, [id]) {
      out.record(await client.get(pathTo`/api/recurrences/${id}`))
    },
  },
  {
    usage: 'recurrences add <cron> <audience> <message>',
    summary: 'Send something again and again: to user:<id>, group:<id>, role:<name> or all',
    options: [
      ['--timezone <zone>', 'whose clock counts; without it: DEFAULT_TIMEZONE'],
      ['--user-timezone', "by each recipient's own clock; who has no zone: by --timezone"],
      ['--count <n>', 'how often in all'],
      ['--until <moment>', 'until when: ISO 8601 or epoch seconds'],
      ['--misfire <word>', 'what was missed is sent once (send, the default) or not (skip)'],
      ['--title <text>', 'its title'],
      ['--type <word>', 'info, success, warning, error or a word of your own'],
      ['--priority <word>', 'low, normal, high or critical'],
      ['--channels <list>', 'realtime,email,sms,push …'],
      ['--data <json>', 'further fields'],
    ],
    examples: ['recurrences add "0 9 * * 1" all "Have a good week" --user-timezone'],
    async run({ client, out }, [cron, audience = '', message], options) {
      const { title, type, priority, channels, data } = options
      const made = await client.post('/api/recurrences', {
        ...{ cron, to: audience.split(','), message, title, type, priority },
        channels: (channels as string | undefined)?.split(','),
        data: data === undefined ? undefined : jsonArgument(data as string),
        ...termsOf(options),
      })
      out.record(made)
    },
  },
  {
    usage: 'recurrences change <id>',
    summary: 'Change when it comes; what is not said stays',
    options: [
      ['--cron <expression>', 'when'],
      ['--timezone <zone>', 'whose clock counts'],
      ['--user-timezone', "by each recipient's own clock"],
      ['--no-user-timezone', 'by one clock for all'],
      ['--count <n>', 'how often in all'],
      ['--until <moment>', 'until when'],
      ['--misfire <word>', 'send or skip'],
    ],
    async run({ client, out }, [id], options) {
      const body = { cron: options.cron, ...termsOf(options) }
      out.record(await client.put(pathTo`/api/recurrences/${id}`, body))
    },
  },
  {
    usage: 'recurrences end <id>',
    summary: 'Nothing of it is sent any more',
    async run({ client, out }, [id]) {
      const ended = await client.delete(pathTo`/api/recurrences/${id}`)
      out.done(`${id} has ended.`, ended)
    },
  },
]
