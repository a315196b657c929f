#!/usr/bin/env node
// Starts the command line. Written in plain JavaScript that Node 20 reads too: an old Node hands
// over to the one in node_modules, or says in one line what is missing.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import nodeModule from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED_MAJOR = 24
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']
const HANDED_OVER = 'BELFRY_HANDED_OVER'
// A message lives for a moment: where young memory (MB) has room for more of them, the garbage
// collector copies fewer (docs/adr/0039-young-memory.md).
const YOUNG_MEMORY = ['--min-semi-space-size=32', '--max-semi-space-size=32']

const script = fileURLToPath(import.meta.url)
const root = dirname(dirname(script))

if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR) handOver()
else {
  if (wantsYoungMemory() && !process.channel) beginAgain()
  await run()
}

/** The service itself, unless somebody has decided on that memory already. */
function wantsYoungMemory() {
  const options = [process.env.NODE_OPTIONS, ...process.execArgv].join(' ')
  return process.argv[2] === 'start' && !/semi[-_]space/.test(options)
}

/** The same process with these options, which count only from the beginning; not on Windows. */
function beginAgain() {
  const options = [...process.execArgv, ...YOUNG_MEMORY]
  const command = [process.execPath, ...options, script, ...process.argv.slice(2)]
  if (process.platform !== 'win32') process.execve?.(process.execPath, command, process.env)
}

async function run() {
  if (process.env[HANDED_OVER]) endWithParent()
  nodeModule.enableCompileCache?.()
  const entry = findEntry()
  if (entry === undefined) {
    fail(`there is nothing to run in ${root}: in a checkout src/ is missing, else build/`)
  }
  let cli
  try {
    cli = await import(pathToFileURL(entry).href)
  } catch (error) {
    if (existsSync(join(root, 'node_modules')) || root.includes(`${sep}node_modules${sep}`)) {
      throw error
    }
    fail('the dependencies are not installed: run npm ci')
  }
  // A command line that is a function tells its exit code; one that is a script has already run.
  if (typeof cli.main === 'function') {
    const code = await cli.main(process.argv.slice(2))
    if (typeof code === 'number') process.exitCode = code
  }
}

/** The source in a checkout; what was built of it where Node does not strip types. */
function findEntry() {
  const source = join(root, 'src', 'cli', 'main.ts')
  const built = join(root, 'build', 'src', 'cli', 'main.js')
  const isInstalled = root.includes(`${sep}node_modules${sep}`)
  return (isInstalled ? [built] : [source, built]).find((path) => existsSync(path))
}

/** Runs this script again on a newer Node and becomes its shadow: same signals, same end. */
function handOver() {
  const node = findNode()
  if (node === undefined) {
    fail(`Node ${NEEDED_MAJOR} or newer is needed, this is ${process.version}: https://nodejs.org`)
  }
  // In a session of its own, so that Ctrl-C reaches it once: by us, not by the terminal as well.
  const options = wantsYoungMemory() ? YOUNG_MEMORY : []
  const child = spawn(node, [...options, script, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
    env: { ...process.env, [HANDED_OVER]: '1' },
  })
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`${node} does not run: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    for (const name of FORWARDED) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

/** When the old Node is killed, nobody would find us: then we end too. */
function endWithParent() {
  delete process.env[HANDED_OVER]
  if (!process.channel) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.channel.unref()
}

/** The program of the package `node`, in this or an outer node_modules. */
function findNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  for (let folder = root; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', 'node', 'bin', name)
    if (existsSync(path)) return path
    if (folder === dirname(folder)) return undefined
  }
}

function fail(sentence) {
  process.stderr.write(`belfry: ${sentence}\n`)
  process.exit(1)
}
