import type { Preferences, QuietHours } from '../core/index.ts'
import type { BellContext } from './context.ts'
import { h } from './dom.ts'

const CHANNELS = ['realtime', 'email', 'push', 'sms'] as const
const NIGHT = { start: '22:00', end: '07:00' }

/** On which channels a user wants to be told, and when not. */
export class PreferencesView {
  readonly element = h('div', { class: 'scroll settings', part: 'preferences' })
  readonly #context: BellContext

  constructor(context: BellContext) {
    this.#context = context
  }

  /** Asks the service, and shows what it says. */
  load(): void {
    const { client, attempt } = this.#context
    attempt(async () => {
      const [preferences, quiet] = await Promise.all([client.preferences(), client.quietHours()])
      const root = this.element.getRootNode() as ShadowRoot
      const hadFocus = this.element.contains(root.activeElement)
      this.#render(preferences, quiet)
      if (hadFocus) this.element.querySelector('input')?.focus()
    })
  }

  #render(preferences: Preferences, quiet: QuietHours): void {
    const { labels, client, attempt } = this.#context
    const channels = CHANNELS.map((channel) =>
      this.#toggle(labels.channel[channel], preferences[channel], (wanted) =>
        attempt(() => client.savePreferences({ [channel]: wanted })),
      ),
    )
    this.element.replaceChildren(
      h('h3', { id: 'channels' }, labels.channels),
      h('div', { role: 'group', 'aria-labelledby': 'channels' }, ...channels),
      h('h3', { id: 'quiet' }, labels.quietHours),
      this.#quiet(quiet),
    )
  }

  #quiet(quiet: QuietHours): HTMLElement {
    const { labels, client, attempt } = this.#context
    const start = this.#time(labels.from, quiet.start ?? NIGHT.start)
    const end = this.#time(labels.to, quiet.end ?? NIGHT.end)
    const times = h('div', { class: 'times', hidden: !quiet.is_enabled }, start.label, end.label)
    const save = (isEnabled: boolean) => {
      times.hidden = !isEnabled
      const hours = { start: start.input.value, end: end.input.value }
      if (hours.start === '' || hours.end === '') return
      const { days, mode, timezone } = quiet
      const rest = { mode, timezone, ...(days.length > 0 ? { days } : {}) }
      attempt(() => client.saveQuietHours({ ...rest, ...hours, is_enabled: isEnabled }))
    }
    const toggle = this.#toggle(labels.quietHours, quiet.is_enabled, save)
    for (const { input } of [start, end]) input.addEventListener('change', () => save(true))
    const zone = h('p', {}, `${labels.quietHint} (${quiet.effective_timezone})`)
    return h('div', { role: 'group', 'aria-labelledby': 'quiet' }, toggle, times, zone)
  }

  #toggle(label: string, isOn: boolean, onChange: (isOn: boolean) => void): HTMLElement {
    const onchange = ({ target }: Event) => onChange((target as HTMLInputElement).checked)
    const input = h('input', { type: 'checkbox', role: 'switch', checked: isOn, onchange })
    return h('label', { class: 'setting' }, h('span', {}, label), input)
  }

  #time(words: string, value: string): { label: HTMLElement; input: HTMLInputElement } {
    const input = h('input', { type: 'time', value, required: true })
    return { label: h('label', {}, words, input), input }
  }
}
