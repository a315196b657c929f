import {
  ActionBody,
  CancelBody,
  type FlowController,
  RescheduleBody,
  UpdateBody,
} from '../controllers/flow-controller.ts'
import {
  RecurrenceBody,
  RecurrenceChanges,
  type RecurrenceController,
  RecurrencesQuery,
} from '../controllers/recurrence-controller.ts'
import type { HttpGroup } from '../src/index.ts'

interface Controllers {
  readonly flows: FlowController
  readonly recurrences: RecurrenceController
}

/** What can still be done about messages, and messages that come again and again, under `/api`. */
export function flowRoutes(api: HttpGroup<'/api'>, { flows, recurrences }: Controllers): void {
  const publish = { tags: ['send'], scope: 'publish' } as const
  api.on(
    'PUT',
    '/notifications/{id}',
    { ...publish, body: UpdateBody, summary: 'Say something else in its place, everywhere' },
    flows.update,
  )
  api.on(
    'POST',
    '/notifications/{id}/actions/{n}',
    {
      ...{ tags: ['inbox'], scope: 'read', body: ActionBody.optional() },
      summary: 'Do what a notification offers; actions are numbered from 0',
    },
    flows.act as never,
  )
  api.on(
    'POST',
    '/scheduled/cancel',
    { ...publish, body: CancelBody, summary: 'Take back what waits, by ids, tag or transaction' },
    flows.cancel,
  )
  api.on(
    'PUT',
    '/scheduled/{id}',
    { ...publish, body: RescheduleBody, summary: 'Put off what waits, or bring it forward' },
    flows.reschedule,
  )
  api.on(
    'DELETE',
    '/transactions/{id}',
    { ...publish, summary: 'Take back whatever of one call has not gone out' },
    flows.cancelTransaction,
  )
  api.on(
    'GET',
    '/receipts/{id}',
    { ...publish, summary: 'Who has acknowledged what was sent in one call' },
    flows.receipt,
  )
  const id = { ...publish } as const
  api.on(
    'GET',
    '/recurrences',
    { ...publish, query: RecurrencesQuery, summary: 'What is sent again and again' },
    recurrences.list,
  )
  api.on(
    'POST',
    '/recurrences',
    { ...publish, body: RecurrenceBody, status: 201, summary: 'Send something again and again' },
    recurrences.create,
  )
  api.on('GET', '/recurrences/{id}', { ...id, summary: 'One of them' }, recurrences.find)
  api.on(
    'PUT',
    '/recurrences/{id}',
    { ...id, body: RecurrenceChanges, summary: 'Change when, to whom or what' },
    recurrences.change,
  )
  api.on('DELETE', '/recurrences/{id}', { ...id, summary: 'End it' }, recurrences.cancel)
}
