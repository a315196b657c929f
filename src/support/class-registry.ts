import { restored, snapshotOf } from './snapshot.ts'

// biome-ignore lint/suspicious/noExplicitAny: a class takes what it wants.
export type AnyClass = abstract new (...parts: any[]) => object

/** An object on its way to another process: the name of its class, and its data. */
export interface Frozen {
  readonly class: string
  readonly data: string
}

/**
 * Classes by their names, so that an object that a job holds becomes one of its
 * class again. Constructors are not run: fields come back as they were.
 */
export class ClassRegistry {
  readonly #classes = new Map<string, AnyClass>()

  /** Throws when another class has the name. */
  add(given: AnyClass): void {
    const known = this.#classes.get(given.name)
    if (known === given) return
    if (known !== undefined) {
      throw new Error(`There are two classes called ${given.name}; jobs tell them apart by name.`)
    }
    if (given.name === '') throw new Error('A class without a name cannot be found again.')
    this.#classes.set(given.name, given)
  }

  has(name: string): boolean {
    return this.#classes.has(name)
  }

  get names(): readonly string[] {
    return [...this.#classes.keys()]
  }

  /** Remembers the class, too. Throws `TypeError` when a field cannot be kept. */
  freeze(value: object): Frozen {
    const made = value.constructor as AnyClass
    if (made !== Object) this.add(made)
    return { class: made === Object ? '' : made.name, data: snapshotOf(value) }
  }

  /** `null`: the class is not loaded here. */
  thaw({ class: name, data }: Frozen): object | null {
    const known = name === '' ? Object : this.#classes.get(name)
    if (known === undefined) return null
    return Object.assign(Object.create(known.prototype as object) as object, restored(data))
  }
}
