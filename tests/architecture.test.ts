import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { complaintsAbout, HOMES, MAY_IMPORT, roomOf, tooLong } from './support/house-rules.ts'
import { importCycles, importsOf, readSourceTree, type SourceTree } from './support/source-tree.ts'

const root = join(import.meta.dirname, '..')
const ROOMS = ['src', 'routers', 'controllers', 'middleware', 'services', 'notifications']
/** What runs in a browser: it is built before it is shipped, and speaks HTTP like everybody else. */
const PAGE = 'dashboard/src'
const CLIENT = 'client/src'
const tree = readSourceTree(root, [...ROOMS, PAGE, CLIENT])
const { dependencies } = manifestOf('package.json')
const { peerDependencies } = manifestOf('client/package.json')

const MOST_LINES = 250
/** Lua, and tables of routes and schemas: one subject, however long. */
const MAY_BE_LONGER = ['src/store/redis/scripts/commit.lua.ts']

describe('the house', () => {
  const rooms = [...new Set([...tree.keys()].map(roomOf))]
  it.each(rooms)('%s imports, knows and reads only what it may', (room) => {
    const files = [...tree].filter(([file]) => roomOf(file) === room)
    expect(files.flatMap(([file, text]) => complaintsAbout(file, text))).toEqual([])
  })

  it('has no import cycles, type-only ones included', () => {
    expect(importCycles(tree)).toEqual([])
  })

  it('imports only files that exist', () => {
    const lost = [...tree].flatMap(([file, text]) =>
      importsOf(file, text).files.filter((other) => !tree.has(other)),
    )
    expect(lost).toEqual([])
  })

  it(`keeps every file within ${MOST_LINES} lines`, () => {
    expect(tooLong(tree, MOST_LINES, MAY_BE_LONGER)).toEqual([])
    expect(tooLong(tree, MOST_LINES, [])).toHaveLength(MAY_BE_LONGER.length)
  })

  it('runs on nothing but its dependencies', () => {
    const used = packagesOf((file) => !file.startsWith(PAGE) && !file.startsWith(CLIENT))
    const undeclared = used.filter((name) => !name.startsWith('node:') && !dependencies[name])
    expect(undeclared).toEqual([])
  })

  it('gives browsers nothing that they do not have', () => {
    const used = packagesOf((file) => file.startsWith(CLIENT))
    expect(used.filter((name) => !peerDependencies[name])).toEqual([])
    expect(manifestOf('client/package.json').dependencies).toBeUndefined()
  })

  it('gives the engine no knowledge of the application', () => {
    const application = ROOMS.filter((room) => room !== 'src')
    const knowing = Object.entries(MAY_IMPORT).filter(([room, allowed]) => {
      return room.startsWith('src/') && allowed.some((other) => application.includes(other))
    })
    expect(knowing.map(([room]) => room)).toEqual(['src/bootstrap'])
    expect(Object.keys(HOMES)).toEqual(expect.arrayContaining(['mqtt', 'ioredis', 'fastify', 'ws']))
  })
})

function packagesOf(isMeant: (file: string) => boolean): readonly string[] {
  const files = [...tree].filter(([file]) => isMeant(file))
  return [...new Set(files.flatMap(([file, text]) => importsOf(file, text).packages))]
}

function manifestOf(path: string) {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
    readonly peerDependencies: Readonly<Record<string, string>>
  }
}

describe('the rules of the house', () => {
  it.each([
    ['src/mqtt/router.ts', "import { Alert } from '../../services/alert.ts'", 'may not import'],
    ['src/mqtt/router.ts', "import type { A } from '../../services/alert.ts'", 'may not import'],
    ['src/store/a.ts', "export * from '../queue/worker.ts'", 'may not import'],
    ['src/store/a.ts', "const a = await import('../queue/worker.ts')", 'may not import'],
    ['services/alert.ts', "import { x } from '../src/store/store.ts'", 'may not import'],
    ['services/alert.ts', "import { connect } from 'mqtt'", 'may not know mqtt'],
    ['services/alert.ts', "import 'left-pad'", 'may not know left-pad'],
    ['services/mail.ts', "import { createTransport } from 'nodemailer'", 'may not know nodemailer'],
    ['src/store/sql.ts', "import { Redis } from 'ioredis'", 'may not know ioredis'],
    ['src/http/a.ts', 'const key = process.env.KEY', 'reads the environment'],
    ['src/http/a.ts', 'const { env } = process', 'reads the environment'],
    ['src/http/a.ts', "console.log('x')", 'uses console'],
    ['client/src/core/a.ts', "import { h } from '../element/dom.ts'", 'may not import'],
    ['client/src/core/a.ts', "import { useState } from 'react'", 'may not know react'],
    ['client/src/vue/a.ts', "import { useState } from 'react'", 'may not know react'],
    ['src/kitchen/a.ts', '', 'a room that the house does not have'],
  ])('%s: %s', (file, text, complaint) => {
    expect(complaintsAbout(file, text).join()).toContain(complaint)
  })

  it('do not mind comments', () => {
    const text = "/** Like `import 'mqtt'`, or process.env. */\n// console.log('x')\n"
    expect(complaintsAbout('services/a.ts', text)).toEqual([])
  })

  it('find circles, also of types and of three', () => {
    const circle: SourceTree = new Map([
      ['src/a.ts', "import type { B } from './b.ts'"],
      ['src/b.ts', "export type { C } from './c.ts'"],
      ['src/c.ts', "import('./a.ts')\nimport './d.ts'"],
      ['src/d.ts', "import './e.ts'"],
      ['src/e.ts', ''],
    ])
    expect(importCycles(circle)).toEqual([['src/a.ts', 'src/b.ts', 'src/c.ts']])
  })

  it('count lines', () => {
    const files: SourceTree = new Map([
      ['src/a.ts', 'x\n'.repeat(250)],
      ['src/b.ts', 'x\n'.repeat(251)],
    ])
    expect(tooLong(files, 250, [])).toEqual(['src/b.ts has 251 lines'])
  })
})
