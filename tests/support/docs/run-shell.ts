import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestService } from '../service.ts'
import { ROOT } from './pages.ts'

/** Commands as a reader has them: what is installed, and a curl that fails when it is refused. */
const TOOLS: Readonly<Record<string, string>> = {
  belfry: `exec "${process.execPath}" "${join(ROOT, 'bin', 'belfry.js')}" "$@"`,
  npx: '[ "$1" = belfry ] || { echo "npx $1 is not known here" >&2; exit 1; }; exec "$@"',
  curl: 'exec "$REAL_CURL" --silent --show-error --fail-with-body --max-time 10 "$@"',
  // The service runs already.
  npm: '[ "$1" = start ] || { echo "npm $1 is not known here" >&2; exit 1; }',
  mosquitto_pub: 'exec "$REAL_MOSQUITTO_PUB" -p "$MQTT_PORT" "$@"',
}

/** Puts the tools into a folder, to be the first one of `PATH`. */
export function installTools(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, script] of Object.entries(TOOLS)) {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }
}

export interface ShellOptions {
  readonly service: TestService
  /** `DATA_DIR` of commands that open the store themselves. */
  readonly dataDir: string
  readonly tools: string
  readonly cwd: string
  readonly programs: Readonly<Record<'curl' | 'mosquitto_pub', string>>
}

/** Addresses as the pages have them, of the service that runs. */
export function addressed(text: string, { url, mqttPort }: TestService): string {
  const { port } = new URL(url)
  return text
    .replace(/(127\.0\.0\.1|localhost):8080/g, `127.0.0.1:${port}`)
    .replaceAll('wsPort: 8080', `wsPort: ${port}`)
    .replaceAll('127.0.0.1:1883', `127.0.0.1:${mqttPort}`)
    .replace(/(publish\.py \w+)$/gm, `$1 127.0.0.1 ${mqttPort}`)
}

/** One command, or several lines; what it wrote, or an error with that and its exit code. */
export async function runShell(script: string, options: ShellOptions): Promise<string> {
  const { service, dataDir, tools, cwd, programs } = options
  const child = spawn('sh', ['-eu', '-c', addressed(script, service)], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: [tools, process.env.PATH].join(delimiter),
      HOME: cwd,
      BELFRY_URL: service.url,
      MQTT_PORT: String(service.mqttPort),
      DATA_DIR: dataDir,
      REAL_CURL: programs.curl,
      REAL_MOSQUITTO_PUB: programs.mosquitto_pub,
    },
  })
  return await outputOf(child, script)
}

export async function outputOf(child: ChildProcess, what: string): Promise<string> {
  let output = ''
  child.stdout?.on('data', (chunk) => (output += String(chunk)))
  child.stderr?.on('data', (chunk) => (output += String(chunk)))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${what}\n\nended with ${code}:\n${output}`)
  return output
}

/** The commands of a block: a line each, continued where it ends in a backslash or a quote is open. */
export function commandsOf(text: string): readonly string[] {
  const commands: string[] = []
  let open = ''
  for (const line of text.split('\n')) {
    open = open === '' ? line : `${open}\n${line}`
    if (open.endsWith('\\') || isOpen(open)) continue
    if (open.trim() !== '' && !open.trim().startsWith('#')) commands.push(open)
    open = ''
  }
  return commands
}

function isOpen(text: string): boolean {
  let quote = ''
  for (const sign of text) {
    if (quote === '' && (sign === "'" || sign === '"')) quote = sign
    else if (sign === quote) quote = ''
  }
  return quote !== ''
}
