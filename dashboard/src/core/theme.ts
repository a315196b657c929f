import { effect, signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

const THEME = 'belfry.theme'
const ORDER: readonly Theme[] = ['system', 'light', 'dark']

/** As the system has it, unless somebody said otherwise. */
export const theme = signal<Theme>(stored())

effect(() => {
  document.documentElement.dataset.theme = theme.value
  localStorage.setItem(THEME, theme.value)
})

/** System, light, dark, system. */
export function nextTheme(): void {
  theme.value = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length] ?? 'system'
}

function stored(): Theme {
  const word = localStorage.getItem(THEME) as Theme | null
  return word !== null && ORDER.includes(word) ? word : 'system'
}
