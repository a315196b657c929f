import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Variable } from './variable.ts'
import { KNOWN } from './variables.ts'

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where a value came from and what it says, or why it cannot be read. */
export type Found =
  | { readonly text: string; readonly origin: string }
  | { readonly expected: string; readonly given: string }

const MAX_FILE_BYTES = 1_048_576

/** Looks variables up: by name, `<NAME>_FILE` and alias; `file:/path` values are followed. */
export class Source {
  readonly warnings: string[] = []
  readonly #env: Environment
  readonly #directory: string

  constructor(env: Environment, directory: string) {
    this.#env = env
    this.#directory = directory
  }

  /** The text of a variable; `undefined` when neither it nor one of its aliases is set. */
  find(name: string, row: Pick<Variable, 'aliases' | 'isPath'>): Found | undefined {
    const names = [name, ...row.aliases]
    for (const candidate of names) {
      const found = this.#findExactly(candidate, row.isPath)
      if (found === undefined) continue
      this.#warnOfOthers(candidate, names)
      if (candidate === name || !('origin' in found)) return found
      return { ...found, origin: `${candidate}, ${found.origin}` }
    }
    return undefined
  }

  #findExactly(name: string, isPath: boolean): Found | undefined {
    const value = this.#valueOf(name)
    const fileName = `${name}_FILE`
    // APNS_KEY_FILE and its kind are variables of their own, not a file that holds one.
    const file = isPath || KNOWN.has(fileName) ? undefined : this.#valueOf(fileName)
    if (value === undefined) return file === undefined ? undefined : this.#fromFile(file, fileName)
    if (file !== undefined) this.warnings.push(`${fileName} is not read, because ${name} is set.`)
    return this.#expand(value, name, isPath)
  }

  #valueOf(name: string): string | undefined {
    const value = Object.hasOwn(this.#env, name) ? this.#env[name]?.trim() : undefined
    if (value === undefined || value === '') return undefined
    // Kubernetes sets <SERVICE>_PORT=tcp://10.0.0.1:6379 for a service called redis or mqtt.
    if (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)) {
      this.warnings.push(`${name}=${value} looks like a Kubernetes service link; it is not read.`)
      return undefined
    }
    return value
  }

  #expand(value: string, name: string, isPath: boolean): Found {
    const path = /^file:(?:\/\/)?(.+)$/s.exec(value)?.[1] ?? /^\$\{FILE:(.+)\}$/s.exec(value)?.[1]
    if (path !== undefined) {
      return isPath ? { text: path, origin: 'environment' } : this.#fromFile(path, name)
    }
    const other = /^\$\{ENV:(\w+)\}$/.exec(value)?.[1]
    if (other === undefined) return { text: value, origin: 'environment' }
    const text = this.#valueOf(other)
    if (text !== undefined) return { text, origin: `environment, ${other}` }
    return { expected: `the variable ${other} to be set`, given: value }
  }

  #fromFile(path: string, name: string): Found {
    const read = readTextFile(resolve(this.#directory, path))
    const text = read.text?.trim()
    if (text !== undefined && text !== '') return { text, origin: `file ${path}` }
    return { expected: `${name} to name a readable file`, given: `${path} (${read.reason})` }
  }

  #warnOfOthers(winner: string, names: readonly string[]): void {
    for (const other of names) {
      if (other === winner || this.#valueOf(other) === undefined) continue
      if (this.#valueOf(other) === this.#valueOf(winner)) continue
      this.warnings.push(`${other} is not read, because ${winner} is set.`)
    }
  }
}

/** The text of a small regular file, or the reason why there is none. */
export function readTextFile(path: string): { text?: string; reason: string } {
  try {
    const stats = statSync(path)
    if (!stats.isFile()) return { reason: 'not a file' }
    if (stats.size > MAX_FILE_BYTES) return { reason: 'larger than 1 MiB' }
    const text = readFileSync(path, 'utf8')
    return { text, reason: 'empty' }
  } catch (error) {
    // The reason goes into the message that names the variable.
    return { reason: (error as NodeJS.ErrnoException).code ?? 'unreadable' }
  }
}
