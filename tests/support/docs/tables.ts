/** What a page made from code begins with. */
export function heading(title: string, about: string): string {
  return `# ${title}\n\n<!-- Made by npm run docs: changes by hand are lost. -->\n\n${about}\n`
}

/** A table in Markdown; what would end a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line), ''].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

export const code = (text: string) => (text === '' ? '' : `\`${text}\``)

/** A JSON schema as OpenAPI and AsyncAPI hold them, as far as tables tell of it. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly maxLength?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly $ref?: string
}

/** Its fields: what must be there is bold. */
export function fieldTable(schema: Schema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) => [
    schema.required?.includes(name) ? `**${code(name)}**` : code(name),
    typeOf(field),
    field.default === undefined ? '' : code(JSON.stringify(field.default)),
  ])
  return rows.length === 0 ? '' : `\n${table(['field', 'type', 'default'], rows)}`
}

/** In words short enough for a cell. */
function typeOf(schema: Schema): string {
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return [...new Set(choices.map(typeOf))].join(' or ')
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(' ')
  if (schema.const !== undefined) return code(String(schema.const))
  if (schema.$ref) return 'any'
  const type = [schema.type ?? 'any'].flat().join(' or ')
  if (type === 'array') {
    const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`
    return `list of ${schema.items ? typeOf(schema.items) : 'any'}${most}`
  }
  if (type === 'object' && schema.properties) {
    const names = Object.keys(schema.properties).map(
      (name) => `${name}${schema.required?.includes(name) ? '' : '?'}`,
    )
    return code(`{${names.join(', ')}}`)
  }
  return `${type}${limitsOf(schema)}`
}

function limitsOf({ maxLength, minimum, maximum }: Schema): string {
  if (maxLength !== undefined) return `, at most ${maxLength}`
  const isSafe = (bound: number | undefined) =>
    bound === undefined || Math.abs(bound) === Number.MAX_SAFE_INTEGER ? null : bound
  const [least, most] = [isSafe(minimum), isSafe(maximum)]
  if (least !== null && most !== null) return `, ${least} to ${most}`
  if (least !== null) return `, at least ${least}`
  return most === null ? '' : `, at most ${most}`
}
