import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { DOCS_CSP } from './fastify-app.ts'

/** The description of the API: for machines at `/openapi.json`, for people at `/docs`. */
export async function registerDocs(
  app: FastifyInstance,
  document: Readonly<Record<string, unknown>>,
): Promise<void> {
  const text = JSON.stringify(document)
  app.get('/openapi.json', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(text),
  )
  await app.register(fastifySwagger, {
    mode: 'static',
    // Its types know OpenAPI 3.1 as classes of their own; ours is the plain document.
    specification: { document: document as never },
  })
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_CSP,
    uiConfig: { deepLinking: true, tryItOutEnabled: true },
  })
}
