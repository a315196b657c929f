import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { licencesPage } from '../support/docs/licences-page.ts'
import {
  commandLinePage,
  environmentPage,
  errorsPage,
  metricsPage,
} from '../support/docs/own-pages.ts'
import { ROOT, readPages } from '../support/docs/pages.ts'
import { eventsPage, httpPage, topicsPage } from '../support/docs/service-pages.ts'
import { startService, type TestService } from '../support/service.ts'

const file = (name: string) => join(ROOT, 'docs', 'reference', `${name}.md`)

/** After a change of what they are made from: npm run docs. */
describe('the reference is what the code says', () => {
  let service: TestService

  beforeAll(async () => {
    service = await startService()
  })
  afterAll(() => service?.stop())

  it.each([
    ['environment', environmentPage],
    ['metrics', metricsPage],
    ['errors', errorsPage],
    ['command-line', commandLinePage],
    ['events', eventsPage],
  ])('%s', async (name, render) => {
    await expect(await render()).toMatchFileSnapshot(file(name))
  })

  it('licences of what is bundled', async () => {
    await expect(licencesPage()).toMatchFileSnapshot(join(ROOT, 'THIRD-PARTY-LICENSES.md'))
  })

  it('topics', async () => {
    const { body } = await service.api('GET', '/asyncapi.json')
    await expect(topicsPage(body)).toMatchFileSnapshot(file('topics'))
  })

  it('http', async () => {
    const { body } = await service.api('GET', '/openapi.json')
    const paths = Object.entries<object>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => shapeOf(`${method.toUpperCase()} ${path}`)),
    )
    const strange = namedPaths().filter((path) => !paths.includes(shapeOf(path)))
    expect(strange).toEqual([])
    await expect(httpPage(body)).toMatchFileSnapshot(file('http'))
  })
})

/** `GET /api/alerts/{id}` and the like, wherever prose names one. */
function namedPaths(): readonly string[] {
  const pages = readPages().filter(({ path }) => !/^docs\/(adr|guides\/moving)/.test(path))
  return pages.flatMap(({ text }) => {
    const named = text.matchAll(/`((?:GET|POST|PUT|DELETE) \/[^\s`?]*)[^`]*`/g)
    return [...named].map(([, path = '']) => path).filter((path) => !path.includes('…'))
  })
}

function shapeOf(path: string): string {
  return path.replace(/\{\w+\}/g, '{}')
}
