import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformWithOxc } from 'vite'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ROOT, readPages } from '../support/docs/pages.ts'

const fences = readPages().flatMap(({ path, fences }) =>
  fences.map((fence) => ({ ...fence, where: `${path}:${fence.line}` })),
)
const of = (...languages: readonly string[]) =>
  fences.filter(({ language }) => languages.includes(language))

/** What runs elsewhere is run by commands.long.test.ts and built-package.long.test.ts. */
describe('the snippets of the documentation', () => {
  it('are all of a language that is looked at', () => {
    const known = ['sh', 'js', 'ts', 'tsx', 'python', 'php', 'cpp', 'yaml', 'json', 'nginx', 'ini']
    const others = fences.filter(({ language }) => !known.includes(language))
    // A transcript, a drawing, and a page's own markup and style.
    expect(others.map(({ language }) => language).sort()).toEqual(['', '', 'css', 'html', 'html'])
  })

  it.each(of('js', 'ts', 'tsx'))('$where is $language', async ({ text, language }) => {
    const lang = language === 'tsx' ? 'tsx' : 'ts'
    await expect(transformWithOxc(text, `snippet.${lang}`, { lang })).resolves.toBeTruthy()
  })

  it.each(of('python'))('$where is Python', ({ text }) => {
    const { status, stderr } = spawnSync(
      'python3',
      ['-c', 'import ast,sys; ast.parse(sys.stdin.read())'],
      {
        input: text,
        encoding: 'utf8',
      },
    )
    expect([status, stderr]).toEqual([0, ''])
  })

  it.each(of('yaml'))('$where is YAML', ({ text }) => {
    expect(parse(text)).toBeTypeOf('object')
  })

  it.each(of('json'))('$where is JSON', ({ text }) => {
    expect(JSON.parse(text)).toBeTypeOf('object')
  })

  it.each(of('cpp'))(
    '$where publishes JSON, and only calls that the whole sketch has',
    ({ text }) => {
      const [, topic = '', literal = ''] =
        /publish\("([^"]+)",\s*("(?:[^"\\]|\\.)*")/.exec(text) ?? []
      expect(topic).toBe('notifications/alerts/critical/pump')
      expect(JSON.parse(JSON.parse(literal) as string)).toHaveProperty('message')
      const sketch = readFileSync(join(ROOT, 'examples/esp32/belfry-sensor.ino'), 'utf8')
      for (const [, call = ''] of text.matchAll(/mqtt\.(\w+)\(/g))
        expect(sketch).toContain(`${call}(`)
    },
  )
})
