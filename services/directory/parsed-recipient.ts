import { effective, type Preferences, type SaidPreferences, saidIn } from './preferences.ts'
import { emptyProfile, parseProfile, type UserRecord } from './user-record.ts'

/** What is stored of somebody, as it is stored; `null`: nothing. */
interface Texts {
  readonly profile: string | null
  readonly preferences: string | null
  readonly defaults: SaidPreferences
}

interface Parsed {
  readonly user: UserRecord
  readonly preferences: Preferences
}

interface Entry extends Parsed {
  readonly texts: Texts
}

const MOST = 4096
/** Longer ones are parsed each time, so that what is kept has a bound. */
const MOST_CHARACTERS = 4096

let fresh = new Map<string, Entry>()
let stale = new Map<string, Entry>()

/**
 * What texts just read say of somebody; `name` is one for each person and tenant.
 * They are parsed once for as long as they stay the same: whoever changed them,
 * and by whatever way, what was parsed of the old ones is not used (ADR 37).
 */
export function parsedRecipient(name: string, id: string, texts: Texts): Parsed {
  const known = fresh.get(name)
  if (known !== undefined && isSame(known.texts, texts)) return known
  const older = stale.get(name)
  if (older !== undefined && isSame(older.texts, texts)) return keep(name, older)
  const { profile, preferences, defaults } = texts
  const user = profile === null ? emptyProfile(id) : { ...parseProfile(id, profile), id }
  const entry = { texts, user, preferences: effective(saidIn(preferences), defaults) }
  const size = (profile?.length ?? 0) + (preferences?.length ?? 0)
  return size === 0 || size > MOST_CHARACTERS ? entry : keep(name, entry)
}

function isSame(known: Texts, texts: Texts): boolean {
  return (
    known.profile === texts.profile &&
    known.preferences === texts.preferences &&
    known.defaults === texts.defaults
  )
}

/** Whoever is not asked for while half of all others come is forgotten. */
function keep(name: string, entry: Entry): Entry {
  if (fresh.size >= MOST / 2) {
    stale = fresh
    fresh = new Map()
  }
  fresh.set(name, entry)
  return entry
}
