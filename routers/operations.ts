import { ListQuery, type OperationsController } from '../controllers/operations-controller.ts'
import {
  DrainQuery,
  RouteTestBody,
  type ServiceController,
} from '../controllers/service-controller.ts'
import { StatsQuery, type TraceController } from '../controllers/trace-controller.ts'
import type { HttpGroup } from '../src/index.ts'

interface Controllers {
  readonly operations: OperationsController
  readonly service: ServiceController
  readonly traces: TraceController
}

/** What goes on in the service, under `/api`: figures, topics, the log of events. */
export function operationRoutes(api: HttpGroup<'/api'>, controllers: Controllers): void {
  const { operations, service, traces } = controllers
  const operate = { tags: ['operations'], scope: 'operate' } as const
  const list = { ...operate, query: ListQuery } as const
  api.on(
    'GET',
    '/stats',
    {
      ...{ ...operate, scope: 'read', query: StatsQuery },
      summary:
        'How much there is in your inbox; with operate, of everything, and what became of it',
    },
    traces.stats,
  )
  api.on(
    'GET',
    '/routes',
    { ...operate, summary: 'Every MQTT topic that is taken' },
    service.routes,
  )
  api.on(
    'POST',
    '/routes/test',
    { ...operate, body: RouteTestBody, summary: 'What would become of a message' },
    service.testRoute,
  )
  api.on(
    'POST',
    '/routes/publish',
    {
      tags: ['operations'],
      scope: 'publish',
      body: RouteTestBody,
      status: 202,
      summary: 'Publish a message on a topic, without an MQTT client',
    },
    service.publish,
  )
  api.on(
    'POST',
    '/tail',
    { ...operate, summary: 'Where to watch what happens, and that somebody does' },
    service.watch,
  )
  api.on(
    'GET',
    '/system',
    { ...operate, summary: 'The last word of every component' },
    operations.systemStatus,
  )
  api.on('GET', '/events', { ...list, summary: 'The event log, newest first' }, operations.events)
  api.on(
    'GET',
    '/events/{id}',
    { ...operate, summary: 'One event, and what became of it' },
    operations.event,
  )
  api.on(
    'GET',
    '/sessions/{id}/drain',
    {
      tags: ['realtime'],
      scope: 'read',
      query: DrainQuery,
      summary: 'Take what waits in one of your session queues',
    },
    service.drain,
  )
}
