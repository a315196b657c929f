import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { NodeOptions } from './mqtt-node.ts'
import { waitFor } from './wait-for.ts'

/** A node of the MQTT side in a process of its own. */
export interface ChildNode {
  readonly pid: number
  /** What it logged so far. */
  log(): string
  /** Ends it and waits for its end. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

export async function startChildNode(options: NodeOptions): Promise<ChildNode> {
  const script = join(import.meta.dirname, 'mqtt-node-process.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let log = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const parentGone = () => void child.kill('SIGKILL')
  process.once('exit', parentGone)
  await waitFor(() => out.includes('ready') || child.exitCode !== null, { deadlineMs: 60_000 })
  if (child.exitCode !== null) throw new Error(`the node did not start:\n${log}`)
  return {
    pid: child.pid!,
    log: () => log,
    end: async (signal) => {
      process.removeListener('exit', parentGone)
      await kill(child, signal)
    },
  }
}

async function kill(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}
