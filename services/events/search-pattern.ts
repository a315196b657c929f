import { LinearPattern } from '../../src/index.ts'

/**
 * A pattern as JSON Schema has it: found anywhere unless `^` and `$` hold it. The time
 * it takes never grows faster than the text. Throws an `Error` that says what is wrong.
 */
export function searchPattern(source: string): (text: string) => boolean {
  const isHeldAtStart = source.startsWith('^')
  const isHeldAtEnd = /(?<!\\)(?:\\\\)*\$$/.test(source)
  const body = source.slice(isHeldAtStart ? 1 : 0, isHeldAtEnd ? -1 : undefined)
  if ((isHeldAtStart || isHeldAtEnd) && hasBareChoice(body)) {
    throw new Error('The pattern has a | beside ^ or $; write ^(?:one|other)$.')
  }
  new LinearPattern(body)
  const [before, after] = [isHeldAtStart ? '' : '.*', isHeldAtEnd ? '' : '.*']
  const pattern = new LinearPattern(`${before}(?:${body})${after}`)
  return (text) => pattern.test(text)
}

function hasBareChoice(body: string): boolean {
  let rest = body.replace(/\\./g, '').replace(/\[[^\]]*\]/g, '')
  for (let before = ''; before !== rest; ) {
    before = rest
    rest = rest.replace(/\([^()]*\)/g, '')
  }
  return rest.includes('|')
}
