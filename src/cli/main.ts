import { type Command as Commander, CommanderError, Command as Program } from 'commander'
import { version } from '../bootstrap/version.ts'
import { Client, Refused } from './client.ts'
import type { Command, Options, Tools } from './command.ts'
import { accessCommands } from './commands/access.ts'
import { alertCommands } from './commands/alerts.ts'
import { auditCommands } from './commands/audit.ts'
import { broadcastCommands } from './commands/broadcast.ts'
import { eventTypeCommands } from './commands/event-types.ts'
import { initCommands } from './commands/init.ts'
import { peopleCommands } from './commands/people.ts'
import { processCommands } from './commands/process.ts'
import { deadLetterCommands, queueCommands } from './commands/queues.ts'
import { recurrenceCommands } from './commands/recurrences.ts'
import { serviceCommands } from './commands/service.ts'
import { silenceCommands } from './commands/silences.ts'
import { templateCommands } from './commands/templates.ts'
import { harmless, Output } from './output.ts'
import { WrongUsage } from './wrong-usage.ts'

interface GlobalOptions {
  readonly json?: boolean | undefined
  readonly url?: string | undefined
  readonly token?: string | undefined
}

/** The table of commands, in the order of `--help`. */
export const COMMANDS: readonly Command[] = [
  ...processCommands,
  ...initCommands,
  ...serviceCommands,
  ...peopleCommands,
  ...eventTypeCommands,
  ...recurrenceCommands,
  ...alertCommands,
  ...silenceCommands,
  ...templateCommands,
  ...broadcastCommands,
  ...queueCommands,
  ...deadLetterCommands,
  ...accessCommands,
  ...auditCommands,
]

/** What a group of commands is for. */
export const GROUPS: Readonly<Record<string, string>> = {
  store: 'Move what is stored: export, import',
  routes: 'MQTT topics: list them, try one',
  users: 'People: list, show, set, export, erase',
  groups: 'Who belongs to a group',
  oncall: 'Who is on call for which alerts',
  'event-types': 'What holds for types of events: list, show, set, remove',
  recurrences: 'What is sent again and again: list, add, change, end',
  templates: 'Words of notifications: list, preview, push',
  alerts: 'Alerts: list, show, acknowledge, resolve',
  silences: 'Alerts that tell nobody for a while: list, add, expire',
  broadcast: 'Broadcasting: status, debug, test, log',
  queue: 'Queues: look, retry, forget, pause',
  'dead-letters': 'Refused messages: look, replay, forget',
  app: 'The application that Pusher clients connect to: show, rotate',
  keys: 'API keys: create, list, revoke',
  audit: 'Who did what: list, export',
}

/** Runs one command line; answers with the exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<number> {
  // Whoever reads us through a pipe may have seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const program = createProgram()
  try {
    if (argv.length === 0) {
      program.outputHelp()
      return 0
    }
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    return report(error)
  }
}

function createProgram(): Commander {
  const program = new Program('belfry')
    .description('MQTT-routed notifications: send, look, put right.')
    .version(version(), '-V, --version')
    .option('--json', 'answer in JSON')
    .option('--url <url>', 'where the service is (default $BELFRY_URL or http://127.0.0.1:8080)')
    .option('--token <token>', 'a token or an API key (default $BELFRY_TOKEN)')
    .exitOverride()
    .showHelpAfterError('(--help shows how)')
  for (const command of COMMANDS) register(program, command)
  return program
}

function register(program: Commander, command: Command): void {
  const words = command.usage.split(' ')
  const depth = words[1] && !/^[<[]/.test(words[1]) ? 1 : 0
  const parent = depth === 0 ? program : groupOf(program, words[0] ?? '')
  // The name of a group may be a command too: `oncall` beside `oncall add`.
  const group = parent.commands.find((known) => depth === 0 && known.name() === words[0])
  const line =
    group ??
    parent
      .command(words.slice(depth).join(' '), { hidden: command.isHidden === true })
      .exitOverride()
  if (!group) line.description(command.summary)
  for (const [flags, meaning] of command.options ?? []) line.option(flags, meaning)
  if (command.examples) {
    const shown = command.examples.map((example) => `  belfry ${example}`).join('\n')
    line.addHelpText('after', `\nFor example:\n${shown}`)
  }
  line.action(async (...given: unknown[]) => {
    const args = given.slice(0, -2).flat() as string[]
    const { json, url, token, ...options } = line.optsWithGlobals() as Options & GlobalOptions
    await run(command, args, { json, url, token, options })
  })
}

function groupOf(program: Commander, name: string): Commander {
  const known = program.commands.find((command) => command.name() === name)
  if (known) return known
  return program
    .command(name)
    .description(GROUPS[name] ?? name)
    .exitOverride()
}

async function run(
  command: Command,
  args: readonly string[],
  given: GlobalOptions & { readonly options: Options },
): Promise<void> {
  const { env } = process
  const ending = new AbortController()
  const end = () => ending.abort()
  const tools: Tools = {
    client: new Client({
      url: given.url || env.BELFRY_URL || 'http://127.0.0.1:8080',
      token: given.token || env.BELFRY_TOKEN || null,
    }),
    out: new Output({
      json: given.json === true,
      write: (text) => process.stdout.write(text),
      remark: (text) => process.stderr.write(text),
      width: process.stdout.columns ?? Number(env.COLUMNS),
    }),
    env,
    get signal() {
      process.once('SIGINT', end)
      return ending.signal
    },
  }
  try {
    await command.run(tools, args, given.options)
  } catch (error) {
    if (!ending.signal.aborted) throw error
  } finally {
    process.removeListener('SIGINT', end)
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const message = error instanceof Error ? error.message : String(error)
  const isUnknown = error instanceof Refused && error.status === 401
  const hint = isUnknown ? ' Show one with --token or BELFRY_TOKEN.' : ''
  process.stderr.write(`belfry: ${harmless(message)}${hint}\n`)
  if (error instanceof Refused && Array.isArray(error.body.issues)) {
    for (const { path, message } of error.body.issues)
      process.stderr.write(`  ${harmless(`${path}: ${message}`)}\n`)
  }
  return error instanceof WrongUsage ? 2 : 1
}
