import {
  JobBody,
  ListQuery,
  type OperationsController,
} from '../controllers/operations-controller.ts'
import { ReleaseBody, type ReleaseController } from '../controllers/release-controller.ts'
import type { HttpGroup } from '../src/index.ts'

interface Controllers {
  readonly operations: OperationsController
  readonly release: ReleaseController
}

/** What waits, what failed, what was refused and what was kept back, under `/api`. */
export function queueRoutes(api: HttpGroup<'/api'>, controllers: Controllers): void {
  jobRoutes(api, controllers)
  keptRoutes(api, controllers)
}

function jobRoutes(api: HttpGroup<'/api'>, { operations }: Controllers): void {
  const operate = { tags: ['operations'], scope: 'operate' } as const
  const list = { ...operate, query: ListQuery } as const
  api.on('GET', '/queues', { ...operate, summary: 'Every queue' }, operations.queues)
  api.on(
    'GET',
    '/queues/{name}/failed',
    { ...list, summary: 'Jobs that failed for good' },
    operations.failed,
  )
  api.on(
    'POST',
    '/queues/{name}/retry',
    { ...operate, body: JobBody, summary: 'Put failed jobs back' },
    operations.retry,
  )
  api.on(
    'POST',
    '/queues/{name}/forget',
    { ...operate, body: JobBody, summary: 'Throw failed jobs away' },
    operations.forget,
  )
  api.on(
    'POST',
    '/queues/{name}/flush',
    { ...operate, summary: 'Throw all failed jobs away' },
    operations.flush,
  )
  api.on(
    'POST',
    '/queues/{name}/pause',
    { ...operate, summary: 'Let a queue wait' },
    operations.pause,
  )
  api.on(
    'POST',
    '/queues/{name}/resume',
    { ...operate, summary: 'Let a queue go on' },
    operations.resume,
  )
}

function keptRoutes(api: HttpGroup<'/api'>, { operations, release }: Controllers): void {
  const operate = { tags: ['operations'], scope: 'operate' } as const
  const list = { ...operate, query: ListQuery } as const
  api.on(
    'GET',
    '/deliveries/{id}',
    { ...operate, summary: 'One delivery with every attempt' },
    operations.delivery,
  )
  api.on(
    'GET',
    '/outbox',
    { ...list, summary: 'What channels without a provider would have sent' },
    operations.outboxList,
  )
  api.on(
    'GET',
    '/outbox/{id}',
    { ...operate, summary: 'One of them in full' },
    operations.outboxMessage,
  )
  api.on(
    'POST',
    '/outbox/{id}/release',
    {
      ...operate,
      body: ReleaseBody,
      status: 202,
      summary: 'Send a message of the outbox to a real address',
    },
    release.release,
  )
  api.on(
    'GET',
    '/dead-letters',
    { ...list, summary: 'Refused messages, newest first' },
    operations.deadLetters,
  )
  api.on(
    'DELETE',
    '/dead-letters',
    { ...operate, summary: 'Forget all refused messages' },
    operations.flushDeadLetters,
  )
  api.on(
    'GET',
    '/dead-letters/{id}',
    { ...operate, summary: 'One refused message' },
    operations.deadLetter,
  )
  api.on(
    'POST',
    '/dead-letters/{id}/replay',
    { ...operate, summary: 'Send a refused message through again' },
    operations.replayDeadLetter,
  )
}
