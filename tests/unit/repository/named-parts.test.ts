import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importsOf, readSourceTree } from '../../support/source-tree.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const FOLDERS = ['src', 'routers', 'controllers', 'middleware', 'services']

describe('the repository', () => {
  it.each([
    ...['package.json', 'tsconfig.json', 'mosquitto.conf', 'Dockerfile', 'tests'],
    ...FOLDERS,
  ])('[K-02] has %s', (name) => {
    expect(existsSync(join(ROOT, name))).toBe(true)
  })

  const tree = readSourceTree(ROOT, FOLDERS)
  const used = new Set([...tree].flatMap(([file, text]) => importsOf(file, text).packages))
  it.each([
    ...['mqtt', 'aedes', 'ioredis', 'nodemailer', 'twilio', 'firebase-admin', 'ws', 'pino', 'zod'],
  ])('[K-01] really uses %s', (name) => {
    expect(used.has(name)).toBe(true)
  })
})
