import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { HttpRouter } from '../../../src/http/http-router.ts'
import { listOf, listQuery, queryFlag } from '../../../src/http/list.ts'
import { openApiOf } from '../../../src/http/openapi.ts'
import { type HttpBench, startHttpBench } from '../../support/http-bench.ts'

type Json = Record<string, unknown>

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: string[]
  readonly parameters: { name: string; in: string; required: boolean; schema: Json }[]
  readonly requestBody?: { content: Record<string, { schema: Json }> }
  readonly responses: Record<string, Json>
  readonly security: Json[]
}

interface Document {
  readonly openapi: string
  readonly info: Json
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: Record<string, Json>
}

interface Tree {
  readonly name: string
  readonly children: Tree[]
}
const Tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), children: z.array(Tree) }))
const Note = z.object({ id: z.string(), text: z.string() }).meta({ id: 'Note' })

function declare(router: HttpRouter): void {
  const tags = ['notes']
  const moment = z.union([z.number(), z.string()]).transform(() => 0)
  router.on(
    'GET',
    '/api/notes',
    {
      ...{ tags, summary: 'Notes', scope: 'read', response: listOf(Note) },
      query: listQuery.extend({ unread_only: queryFlag().optional() }),
    },
    async () => null,
  )
  router.on(
    'PUT',
    '/api/notes/{id}/at/{place}',
    {
      ...{ tags, summary: 'Move', scope: 'publish', status: 202, response: Note },
      body: z.object({ at: moment, note: Note, priority: z.enum(['low', 'high']).default('low') }),
    },
    async () => null,
  )
  router.on('POST', '/api/trees', { tags, summary: 'Plant', body: Tree }, async () => null)
  router.on('GET', '/hidden', { tags, summary: 'Hidden', hidden: true }, async () => null)
}

function made(): Document {
  const router = new HttpRouter()
  declare(router)
  const info = { title: 'Belfry', version: '1.2.3', description: 'x' }
  return openApiOf(router.table, info) as unknown as Document
}

/** Every `$ref` anywhere in a document. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) =>
    name === '$ref' && typeof each === 'string' ? [each] : refsIn(each),
  )
}

function resolve(document: unknown, ref: string): unknown {
  const parts = ref.replace(/^#\//, '').split('/')
  return parts.reduce<unknown>((at, part) => (at as Json | undefined)?.[part], document)
}

describe('openApiOf()', () => {
  it('describes every route that is not hidden, with what each operation must have', () => {
    const { openapi, info, paths } = made()
    expect(openapi).toBe('3.1.0')
    expect(info).toMatchObject({ title: 'Belfry', version: '1.2.3' })
    expect(Object.keys(paths)).toEqual(['/api/notes', '/api/notes/{id}/at/{place}', '/api/trees'])
    const operations = Object.values(paths).flatMap((path) => Object.values(path))
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(3)
    for (const operation of operations) {
      expect(operation.summary).not.toBe('')
      expect(operation.responses.default).toEqual({ $ref: '#/components/responses/Problem' })
    }
  })

  it('names parameters of path and query, the body as it is sent, and the answer', () => {
    const { paths } = made()
    const list = paths['/api/notes']!.get!
    const names = list.parameters.map((each) => [each.in, each.name, each.required])
    expect(names).toEqual([
      ['query', 'limit', false],
      ['query', 'cursor', false],
      ['query', 'unread_only', false],
    ])
    const move = paths['/api/notes/{id}/at/{place}']!.put!
    expect(move.parameters.map(({ name }) => name)).toEqual(['id', 'place', 'Idempotency-Key'])
    const body = move.requestBody!.content['application/json']!.schema
    expect(body.required).toEqual(['at', 'note'])
    expect(body.properties).toMatchObject({ priority: { enum: ['low', 'high'], default: 'low' } })
    expect(Object.keys(move.responses)).toEqual(['202', 'default'])
    expect([list.security, move.security]).toEqual([[{ bearer: [] }], [{ bearer: [] }]])
    expect(paths['/api/trees']!.post!.security).toEqual([])
  })

  it('has a target for every reference, also of schemas that contain themselves', () => {
    const document = made()
    const refs = refsIn(document)
    expect(refs).toContain('#/components/schemas/Note')
    expect(refs.length).toBeGreaterThan(4)
    for (const ref of refs) {
      expect(ref).toMatch(/^#\/components\/(schemas|responses)\//)
      expect(resolve(document, ref), ref).toBeTypeOf('object')
    }
    expect(JSON.stringify(document)).not.toMatch(/\$defs|\$schema/)
  })
})

describe('the documentation', () => {
  let bench: HttpBench
  afterEach(() => bench.stop())

  it('is served for machines, the health routes in it', async () => {
    bench = await startHttpBench(declare)
    const answer = await bench.fetch('/openapi.json')
    expect(answer.headers.get('content-type')).toContain('application/json')
    const { paths } = (await answer.json()) as Document
    for (const path of ['/api/notes', '/livez', '/readyz', '/health', '/metrics']) {
      expect(Object.keys(paths)).toContain(path)
    }
  })

  it('is readable by people, with everything from here', async () => {
    bench = await startHttpBench(declare)
    const page = await bench.fetch('/docs')
    const text = await page.text()
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';")
    const sources = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!)
    expect(sources.length).toBeGreaterThan(4)
    for (const url of sources) {
      expect((await bench.fetch(url)).status, url).toBe(200)
    }
    expect(await (await bench.fetch('/docs/json')).json()).toMatchObject({ openapi: '3.1.0' })
  })
})
