import { signal } from '@preact/signals'
import { messageOf } from './words.ts'

export interface Toast {
  readonly id: number
  readonly text: string
  readonly kind: 'good' | 'bad'
}

const SHOWN_MS = 6000
let last = 0

/** What the page has to say; read aloud by screen readers. */
export const toasts = signal<readonly Toast[]>([])

/** Says something, for a few seconds. */
export function say(text: string, kind: Toast['kind'] = 'good'): void {
  const toast = { id: ++last, text, kind }
  toasts.value = [...toasts.value.slice(-2), toast]
  setTimeout(() => dismiss(toast.id), SHOWN_MS)
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

/** Does something, and says how it went; answers whether it went well. */
export async function act(work: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await work()
    say(done)
    return true
  } catch (error) {
    say(messageOf(error), 'bad')
    return false
  }
}

/** Puts text on the clipboard, where there is one: only secure pages have it. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say('Copied.')
  } catch {
    say('This browser lets only pages over https or on localhost copy.', 'bad')
  }
}

/** Hands a list to whoever is looking, as a file. */
export function download(name: string, rows: readonly object[], form: 'csv' | 'json'): void {
  const text = form === 'json' ? JSON.stringify(rows, null, 2) : csvOf(rows)
  const link = document.createElement('a')
  const type = form === 'json' ? 'application/json' : 'text/csv'
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = `belfry-${name}.${form}`
  link.click()
  URL.revokeObjectURL(link.href)
}

function csvOf(rows: readonly object[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const lines = rows.map((row) => {
    const values = row as Readonly<Record<string, unknown>>
    return columns.map((name) => cell(values[name])).join(',')
  })
  return [columns.join(','), ...lines].join('\r\n')
}

/** A cell that begins like a formula must not become one in a spreadsheet. */
function cell(value: unknown): string {
  const text =
    typeof value === 'object' && value !== null ? JSON.stringify(value) : `${value ?? ''}`
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
