import type { UserChanges } from './user-record.ts'

/** Somebody else's list of people: what it says of one beats what is stored. */
export interface OwnDirectory {
  /** `null`: it does not know him. */
  find(id: string): Promise<UserChanges | null>
}
