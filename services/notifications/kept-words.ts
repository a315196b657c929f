import { type Part, partialSnapshotOf, restored, type Said } from '../../src/index.ts'
import type { Composed } from './composed.ts'

/** What a notification class said, as a job holds it that may need it later. */
export interface KeptWords {
  /** Channel → part, as a snapshot. */
  readonly parts: string
  readonly said: Said
  readonly addresses: Composed['addresses']
}

/** Puts away what a class said on all channels; `{}` where none spoke. */
export function keptWords(composed: Composed | null | undefined): { readonly words?: KeptWords } {
  if (!composed) return {}
  const { composition, addresses } = composed
  const parts = partialSnapshotOf(Object.fromEntries(composition.parts))
  return { words: { parts, said: composition.said, addresses } }
}

/** The same to be sent from; `null`: no class spoke. */
export function composedFrom(words: KeptWords | undefined, id: string): Composed | null {
  if (words === undefined) return null
  const { parts, said, addresses } = words
  const map = new Map(Object.entries(restored(parts) as Record<string, Part>))
  return { addresses, composition: { id, parts: map, dropped: {}, readAt: null, said } }
}
