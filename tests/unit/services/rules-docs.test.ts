import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseRules } from '../../../services/rules/rules-file.ts'
import { TemplateEngine } from '../../../services/templates/template-engine.ts'

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs')
const text = readFileSync(join(DOCS, 'rules.md'), 'utf8')
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}[^\\n]*\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, body]) => body!,
  )

it('docs/rules.md: there are examples, and each is a file of rules', () => {
  const files = blocks('yaml')
  expect(files.length).toBeGreaterThan(1)
  for (const file of files) {
    const { rules, heartbeats, filters } = parseRules(file, new TemplateEngine())
    expect(rules.length + heartbeats.length + filters.length).toBeGreaterThan(0)
  }
})

it('docs/rules.md names every field that a rule has, and no other', () => {
  const table = text.slice(text.indexOf('## A rule'), text.indexOf('A rule with a threshold'))
  const named = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)[^`]*`/g)].map(([, word]) => word!),
  )
  const refused = (field: string) => {
    const rule = { name: 'r', topic: 'a/{id}', [field]: {} }
    try {
      parseRules(JSON.stringify({ rules: [rule] }), new TemplateEngine())
      return ''
    } catch (error) {
      return JSON.stringify(error, Object.getOwnPropertyNames(error))
    }
  }
  for (const field of named) expect(refused(field), field).not.toMatch(/[Uu]nrecognized key/)
  expect(refused('nonsense')).toMatch(/nonsense/)
  expect(named.toSorted()).toEqual(
    [
      ...['name', 'topic', 'match', 'value', 'time', 'above', 'below', 'clear', 'for'],
      ...['on_change', 'debounce', 'retained', 'then'],
    ].toSorted(),
  )
})
