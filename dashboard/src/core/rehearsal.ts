import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { api, type Json } from './api.ts'
import { type Draft, problemIn, requestOf } from './draft.ts'
import { messageOf } from './words.ts'

/** As long as somebody types, nothing is asked. */
const CALM_MS = 350

/** Asks what would become of it, once somebody stops typing. */
export function useRehearsal(draft: Draft): { answer: Json | null; trouble: string | null } {
  const answer = useSignal<Json | null>(null)
  const trouble = useSignal<string | null>(null)
  const key = JSON.stringify(draft)
  useEffect(() => {
    const asked = JSON.parse(key) as Draft
    const problem = problemIn(asked)
    if (problem !== null) {
      answer.value = null
      trouble.value = problem
      return
    }
    let isCurrent = true
    const timer = setTimeout(async () => {
      try {
        const found = await api.post('api/notifications/dry-run', requestOf(asked))
        if (!isCurrent) return
        answer.value = found
        trouble.value = null
      } catch (error) {
        if (isCurrent) trouble.value = messageOf(error)
      }
    }, CALM_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [key, answer, trouble])
  return { answer: answer.value, trouble: trouble.value }
}
