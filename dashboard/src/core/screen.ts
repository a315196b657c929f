import { signal } from '@preact/signals'

const query = matchMedia('(max-width: 44rem)')

/** Whether there is room for a telephone's page only. */
export const isNarrow = signal(query.matches)
query.addEventListener('change', ({ matches }) => {
  isNarrow.value = matches
})
