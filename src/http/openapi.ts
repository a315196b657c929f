import { type ZodType, z } from 'zod'
import type { HttpRoute } from './http-route.ts'

export interface ApiInfo {
  readonly title: string
  readonly version: string
  readonly description: string
}

type Json = Record<string, unknown>

const PROBLEM: Json = {
  type: 'object',
  description: 'RFC 9457, with a stable `code`.',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', examples: ['invalid_payload', 'not_found', 'rate_limit_exceeded'] },
    issues: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
    retry_after: { type: 'integer', description: 'Seconds.' },
  },
}

const ANY_PROBLEM = { $ref: '#/components/responses/Problem' }

/** The routes as an OpenAPI 3.1 document, made from the schemas that validate. */
export function openApiOf(
  routes: readonly HttpRoute[],
  { title, version, description }: ApiInfo,
): Json {
  const schemas: Json = { Problem: PROBLEM }
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    if (route.spec.hidden) continue
    paths[route.path] ??= {}
    paths[route.path]![route.method.toLowerCase()] = operationOf(route, schemas)
  }
  const problem = {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  }
  return {
    openapi: '3.1.0',
    info: { title, version, description },
    paths,
    components: {
      schemas,
      responses: { Problem: { description: 'What went wrong.', content: problem } },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A token, or an API key.' },
      },
    },
  }
}

function operationOf(route: HttpRoute, schemas: Json): Json {
  const { method, path, spec } = route
  const id = `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(\w?)/g, (_all, next: string) => next.toUpperCase())}`
  const asJson = (schema: ZodType, io: 'input' | 'output', part: string) =>
    jsonSchemaOf(schema, { io, name: `${id}${part}`, schemas })
  const status = String(spec.status ?? 200)
  const response = spec.response ? asJson(spec.response, 'output', 'Response') : undefined
  const writes = method !== 'GET'
  return {
    operationId: id,
    summary: spec.summary,
    ...describe(spec.description, spec.scope),
    tags: spec.tags,
    parameters: [
      ...pathParameters(route, spec.params && asJson(spec.params, 'input', 'Params')),
      ...queryParameters(spec.query && asJson(spec.query, 'input', 'Query')),
      ...(writes ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(spec.body ? { requestBody: jsonBody(asJson(spec.body, 'input', 'Body')) } : {}),
    responses: {
      [status]: response
        ? { description: 'Done.', ...content(response) }
        : { description: 'Done.' },
      default: ANY_PROBLEM,
    },
    security: spec.scope === undefined ? [] : [{ bearer: [] }],
  }
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key within 24 hours has one effect and gets the same answer.',
  schema: { type: 'string', maxLength: 255 },
}

function describe(description: string | undefined, scope: string | undefined): Json {
  const words = [description, scope && `Takes the scope \`${scope}\`.`].filter(Boolean)
  return words.length > 0 ? { description: words.join('\n\n') } : {}
}

function pathParameters({ params }: HttpRoute, schema: Json | undefined): Json[] {
  const properties = (schema?.properties ?? {}) as Json
  return params.map((name) => {
    const of = properties[name] ?? { type: 'string', maxLength: 128 }
    return { name, in: 'path', required: true, schema: of }
  })
}

function queryParameters(schema: Json | undefined): Json[] {
  const required = (schema?.required ?? []) as readonly string[]
  return Object.entries((schema?.properties ?? {}) as Json).map(([name, of]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: of,
  }))
}

function jsonBody(schema: Json): Json {
  return { required: true, ...content(schema) }
}

function content(schema: Json): Json {
  return { content: { 'application/json': { schema } } }
}

interface Naming {
  readonly io: 'input' | 'output'
  readonly name: string
  readonly schemas: Json
}

/** Named and recursive parts move to the components, where references find them. */
function jsonSchemaOf(schema: ZodType, { io, name, schemas }: Naming): Json {
  const { $schema: _dialect, ...root } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
  }) as Json
  const { $defs = {}, ...bare } = root as { $defs?: Record<string, Json> } & Json
  const prefix = (definition: string) =>
    definition.startsWith('__') ? `${name}${definition.replace(/\W|_/g, '')}` : definition
  const rename = (ref: string) =>
    ref === '#'
      ? `#/components/schemas/${name}`
      : `#/components/schemas/${prefix(ref.replace('#/$defs/', ''))}`
  for (const [definition, part] of Object.entries($defs)) {
    const { $schema: _same, id: _id, ...rest } = part
    schemas[prefix(definition)] = withRefs(rest, rename)
  }
  const renamed = withRefs(bare, rename) as Json
  if (!JSON.stringify(bare).includes('"$ref":"#"')) return renamed
  schemas[name] = renamed
  return { $ref: `#/components/schemas/${name}` }
}

function withRefs(value: unknown, rename: (ref: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => withRefs(each, rename))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) =>
      name === '$ref' && typeof each === 'string'
        ? [name, rename(each)]
        : [name, withRefs(each, rename)],
    ),
  )
}
