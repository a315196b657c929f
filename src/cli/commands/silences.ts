import { pathTo } from '../client.ts'
import type { Command, Options, Tools } from '../command.ts'
import { WrongUsage } from '../wrong-usage.ts'

const COLUMNS = ['id', 'state', 'starts_at', 'ends_at', 'matches', 'created_by', 'comment']
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

interface Listed {
  readonly matchers: readonly { name: string; operator: string; value: string }[]
  readonly affected_systems: readonly string[]
}

/** `mon-fri 22:00-06:00` as the service takes it. */
function recurrenceOf(text: string, time_zone: string | undefined) {
  const [, days = '', start, end] = /^(?:(\S+) )?(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? []
  if (start === undefined)
    throw new WrongUsage('Say --every like "22:00-06:00" or "mon-fri 22:00-06:00".')
  return { weekdays: days.split(',').filter(Boolean).flatMap(weekdaysOf), start, end, time_zone }
}

function weekdaysOf(span: string): number[] {
  const [first = '', last = first] = span.toLowerCase().split('-')
  const [from, to] = [DAYS.indexOf(first) + 1, DAYS.indexOf(last) + 1]
  if (from === 0 || to < from) throw new WrongUsage(`${span} is no day or span: ${DAYS.join(' ')}.`)
  return Array.from({ length: to - from + 1 }, (_, n) => from + n)
}

async function list({ client, out }: Tools, state: Options[string]): Promise<void> {
  const { rows: listed } = await client.list('/api/silences', { state })
  const rows = (listed as unknown as readonly Listed[]).map((silence) => ({
    ...silence,
    matches: [
      ...silence.matchers.map(({ name, operator, value }) => `${name}${operator}"${value}"`),
      ...silence.affected_systems.map((system) => `affects ${system}`),
    ].join(' '),
  }))
  out.table(rows, COLUMNS, 'No silence.')
}

export const silenceCommands: readonly Command[] = [
  {
    usage: 'silences list',
    summary: 'Silences, newest first, with those of the last five days',
    options: [['--state <state>', 'pending, active or expired']],
    run: (tools, _args, { state }) => list(tools, state),
  },
  {
    usage: 'silences add [matchers...]',
    summary: 'Tell nobody of matching alerts for a while',
    options: [
      ['--for <time>', 'how long: 90s, 30m, 2h, 1d'],
      ['--until <moment>', 'until when: ISO 8601 or epoch seconds'],
      ['--from <moment>', 'from when; without it: now'],
      ['--comment <text>', 'why (required)'],
      ['--affects <list>', 'alerts of these affected systems, a,b,c'],
      ['--every <times>', 'only then: "mon-fri 22:00-06:00"'],
      ['--time-zone <zone>', 'of these times; without it: UTC'],
      ['--until-resolved', 'end when the alert is resolved'],
      ['--no-notice', 'tell nobody of what is still open at its end'],
    ],
    examples: [
      'silences add alert_type=disk_full \'source=~"web-.*"\' --for 2h --comment "new disks"',
      'silences add severity=warning --every "22:00-06:00" --time-zone Europe/Berlin --comment nights',
    ],
    async run({ client, out }, matchers, options) {
      const { comment, every, affects, from, until } = options
      if (!comment) throw new WrongUsage('Say --comment: why it is quiet.')
      const zone = options.timeZone as string | undefined
      const made = await client.post('/api/silences', {
        ...{ matchers, comment, for: options.for, starts_at: from, ends_at: until },
        affected_systems: (affects as string | undefined)?.split(','),
        recurrence: every ? recurrenceOf(every as string, zone) : undefined,
        expire_on_resolve: options.untilResolved,
        notify_on_end: options.notice,
      })
      out.record(made)
    },
  },
  {
    usage: 'silences expire <id>',
    summary: 'End a silence now; what is still open is told',
    async run({ client, out }, [id]) {
      await client.delete(pathTo`/api/silences/${id}`)
      out.record({ status: 'expired', id })
    },
  },
]
