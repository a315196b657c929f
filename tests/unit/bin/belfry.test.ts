import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { waitFor } from '../../support/wait-for.ts'

const repository = join(import.meta.dirname, '../../..')
const newNode = join(repository, 'node_modules/node/bin/node')
const oldNode = findOldNode()
const folders: string[] = []

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A command line that tells who it is, counts interrupts, and ends when told to on stdin. */
const CLI = `
let interrupts = 0
process.on('SIGINT', () => console.log('interrupts', ++interrupts))
process.on('SIGTERM', () => process.exit(7))
console.log(JSON.stringify({ version: process.version, pid: process.pid, argv: process.argv.slice(2) }))
process.stdin.on('data', () => process.exit(3))
`

/** A command line that tells how it was started. */
const WHO = `
const { pid, execArgv: options, argv } = process
console.log(JSON.stringify({ pid, options, argv: argv.slice(2) }))
`

describe('bin/belfry.js', () => {
  it('runs src/cli/main.ts of a checkout', () => {
    const root = aPackage({ 'src/cli/main.ts': "const word: string = 'source'\nconsole.log(word)" })
    expect(run(newNode, root).stdout).toBe('source\n')
  })

  it('runs what was built where there is no source', () => {
    const root = aPackage({ 'build/src/cli/main.js': "console.log('built')" })
    expect(run(newNode, root).stdout).toBe('built\n')
  })

  it('inside node_modules runs what was built, where Node does not strip types', () => {
    const root = aPackage(
      { 'src/cli/main.ts': 'throw 1', 'build/src/cli/main.js': "console.log('built')" },
      join(aFolder(), 'node_modules/belfry'),
    )
    expect(run(newNode, root).stdout).toBe('built\n')
  })

  it('calls an exported main() and ends with its exit code', () => {
    const main = 'export const main = async (argv: string[]) => argv.length'
    const root = aPackage({ 'src/cli/main.ts': main })
    expect(run(newNode, root, ['a', 'b']).status).toBe(2)
  })

  it.skipIf(process.platform === 'win32')(
    'gives the service room for young objects, in the same process',
    () => {
      const { pid, stdout } = run(newNode, aPackage({ 'src/cli/main.ts': WHO }), ['start', '--x=1'])
      expect(JSON.parse(stdout)).toEqual({
        pid,
        options: ['--min-semi-space-size=32', '--max-semi-space-size=32'],
        argv: ['start', '--x=1'],
      })
    },
  )

  it('leaves that alone where somebody has said how much, and for other commands', () => {
    const root = aPackage({ 'src/cli/main.ts': WHO })
    const env = { NODE_OPTIONS: '--max-semi-space-size=8' }
    expect(JSON.parse(run(newNode, root, ['start'], env).stdout).options).toEqual([])
    expect(JSON.parse(run(newNode, root, ['doctor']).stdout).options).toEqual([])
  })

  it('says in one line that there is nothing to run', () => {
    const { status, stderr } = run(newNode, aPackage({}))
    expect(status).toBe(1)
    expect(stderr).toMatch(/^belfry: there is nothing to run in .*\n$/)
  })

  it('says that the dependencies are missing', () => {
    const { status, stderr } = run(newNode, aPackage({ 'src/cli/main.ts': "import 'fastify'" }))
    expect([status, stderr]).toEqual([
      1,
      'belfry: the dependencies are not installed: run npm ci\n',
    ])
  })

  describe.skipIf(oldNode === undefined)('on a Node that is too old', () => {
    it('says in one line which Node is needed', () => {
      const { status, stderr } = run(oldNode!, aPackage({ 'src/cli/main.ts': '' }))
      expect(status).toBe(1)
      expect(stderr).toMatch(/^belfry: Node 24 or newer is needed, this is v\d+\.\d+\.\d+.*\n$/)
    })

    it('hands over to the one in node_modules, arguments and input included', async () => {
      const { child, hello, ended } = await startOnOldNode(['start', '--x=1'])
      expect(hello).toMatchObject({
        version: expect.stringMatching(/^v24/),
        argv: ['start', '--x=1'],
      })
      child.stdin!.write('end\n')
      expect(await ended).toEqual([3, null])
    })

    it('passes a signal on once, and its exit code back', async () => {
      const { child, output, ended } = await startOnOldNode([])
      child.kill('SIGINT')
      await waitFor(() => output().includes('interrupts 1'))
      child.kill('SIGTERM')
      expect(await ended).toEqual([7, null])
      expect(output()).not.toContain('interrupts 2')
    })

    it('passes Ctrl-C on once, which a terminal sends to the whole process group', async () => {
      const { child, output, ended } = await startOnOldNode([])
      process.kill(-child.pid!, 'SIGINT')
      await waitFor(() => output().includes('interrupts 1'))
      process.kill(-child.pid!, 'SIGTERM')
      expect(await ended).toEqual([7, null])
      expect(output()).not.toContain('interrupts 2')
    })

    it('ends by the signal that ended the service', async () => {
      const { hello, ended } = await startOnOldNode([])
      process.kill(hello.pid, 'SIGKILL')
      expect(await ended).toEqual([null, 'SIGKILL'])
    })

    it('does not leave the service behind when it is killed itself', async () => {
      const { child, hello } = await startOnOldNode([])
      child.kill('SIGKILL')
      await waitFor(() => !isAlive(hello.pid), { message: 'the service lived on' })
    })
  })
})

async function startOnOldNode(args: string[]) {
  const root = aPackage({ 'src/cli/main.ts': CLI })
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(join(repository, 'node_modules/node'), join(root, 'node_modules/node'))
  const child = spawn(oldNode!, [join(root, 'bin/belfry.js'), ...args], { detached: true })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const output = collect(child)
  await waitFor(() => output().includes('\n'))
  const hello = JSON.parse(output().split('\n')[0]!) as { pid: number; version: string }
  return { child, hello, ended, output }
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stdout!.on('data', (chunk) => {
    text += String(chunk)
  })
  return () => text
}

function run(node: string, root: string, args: string[] = [], env: Record<string, string> = {}) {
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const
  return spawnSync(node, [join(root, 'bin/belfry.js'), ...args], options)
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-bin-'))
  folders.push(folder)
  return folder
}

function aPackage(files: Readonly<Record<string, string>>, root = aFolder()): string {
  mkdirSync(join(root, 'bin'), { recursive: true })
  cpSync(join(repository, 'bin/belfry.js'), join(root, 'bin/belfry.js'))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

function findOldNode(): string | undefined {
  const programs = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  return programs
    .filter((path) => existsSync(path))
    .find((path) => {
      const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
      const major = Number(/^v(\d+)/.exec(stdout)?.[1])
      return major >= 20 && major < 24
    })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
