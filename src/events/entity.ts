import { currentEvents, type Dispatching } from './event.ts'

type Method = (...parts: never[]) => unknown
type Verb = 'create' | 'update' | 'delete' | 'save'

const BEFORE: Readonly<Record<Verb, string>> = {
  create: 'creating',
  update: 'updating',
  delete: 'deleting',
  save: 'saving',
}
const AFTER: Readonly<Record<Verb, string>> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  save: 'saved',
}

/** What listeners of an entity's events get. */
export interface EntityEvent<Entity = unknown> {
  /** Before: what the method was called with. After: what it answered, or the same. */
  readonly entity: Entity
  readonly args: readonly unknown[]
  /** What an update changed: its last argument. */
  readonly changes?: Readonly<Record<string, unknown>>
}

/** A listener of a `…ing` event answered `false`: the change did not happen. */
export class Vetoed extends Error {
  readonly event: string

  constructor(event: string) {
    super(`A listener of ${event} does not allow it.`)
    this.event = event
  }

  override get name(): string {
    return 'Vetoed'
  }
}

interface EntityOptions {
  /** The methods that change, by what they do. Default: those called so. */
  readonly methods?: Readonly<Partial<Record<Verb, string>>>
  /** Default: the dispatcher in place. */
  readonly events?: Pick<Dispatching, 'dispatch' | 'vetoedBy'>
}

/**
 * A repository that tells of what it changes: `entity('post', posts)` dispatches
 * `post.creating` before `create()` and `post.created` after it, and so on for
 * `update`, `delete` and `save`. A listener of the former that answers `false`
 * makes the call reject with {@link Vetoed}.
 */
export function entity<Repository extends object>(
  name: string,
  repository: Repository,
  options: EntityOptions = {},
): Repository {
  const names = options.methods ?? {}
  const verbs = new Map(
    (Object.keys(BEFORE) as Verb[]).map((verb): [string, Verb] => [names[verb] ?? verb, verb]),
  )
  return new Proxy(repository, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      const verb = typeof property === 'string' ? verbs.get(property) : undefined
      if (verb === undefined) return value.bind(target)
      return watched(name, verb, value.bind(target) as Method, options)
    },
  })
}

function watched(name: string, verb: Verb, method: Method, options: EntityOptions) {
  return async (...args: readonly unknown[]): Promise<unknown> => {
    const events = options.events ?? currentEvents.get()
    const changes = verb === 'update' ? changesOf(args) : {}
    const before: EntityEvent = { entity: args[0], args, ...changes }
    const asked = `${name}.${BEFORE[verb]}`
    if ((await events.vetoedBy(asked, before)) !== null) throw new Vetoed(asked)
    const result = await method(...(args as never[]))
    const after: EntityEvent = { entity: result ?? args[0], args, ...changes }
    await events.dispatch(`${name}.${AFTER[verb]}`, after)
    return result
  }
}

function changesOf(args: readonly unknown[]): Pick<EntityEvent, 'changes'> {
  const last = args.at(-1)
  const isObject = typeof last === 'object' && last !== null
  return isObject ? { changes: last as Record<string, unknown> } : {}
}
