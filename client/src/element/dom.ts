type Value = string | number | boolean | null | ((event: never) => void)
type Child = Node | string | null

/**
 * An element: `on…` is a listener, anything else an attribute (`true` is an empty
 * one, `false` and `null` none). Text stays text, whoever wrote it.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value as EventListener)
    } else setAttribute(element, name, value)
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

export function setAttribute(
  element: Element,
  name: string,
  value: string | number | boolean | null,
): void {
  if (value === false || value === null) element.removeAttribute(name)
  else element.setAttribute(name, value === true ? '' : String(value))
}

/** Drawn on 24 × 24, with lines of the colour of the text. */
const ICONS = {
  bell: 'M6 9a6 6 0 1 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7M10 20a2.2 2.2 0 0 0 4 0',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5L7 17l8-9M12.5 16l1 1 8-9',
  archive: 'M4 5h16v4H4zM5.5 9v10h13V9M10 13h4',
  clock: 'M12 4a8 8 0 1 0 .01 0M12 8v4.5l3 2',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 0 .01 0M9 14.8a2.2 2.2 0 1 0 .01 0',
  back: 'M14.5 6l-6 6 6 6',
  close: 'M6 6l12 12M18 6L6 18',
  info: 'M12 4a8 8 0 1 0 .01 0M12 11.5V16M12 8v.01',
  success: 'M12 4a8 8 0 1 0 .01 0M8.5 12.2l2.4 2.4 4.6-5',
  warning: 'M12 4.5l8.5 15h-17zM12 10v4M12 16.8v.01',
  error: 'M8.5 4h7L20 8.5v7L15.5 20h-7L4 15.5v-7zM12 8v4.5M12 16v.01',
} as const
export type IconName = keyof typeof ICONS

const SVG = 'http://www.w3.org/2000/svg'

/** A picture that only accompanies words. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  const path = document.createElementNS(SVG, 'path')
  for (const [attribute, value] of Object.entries({
    ...{ viewBox: '0 0 24 24', 'aria-hidden': 'true', class: `icon icon-${name}` },
    ...{ fill: 'none', stroke: 'currentColor', 'stroke-width': '1.75' },
    ...{ 'stroke-linecap': 'round', 'stroke-linejoin': 'round' },
  })) {
    svg.setAttribute(attribute, value)
  }
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}

/** Only addresses that lead somewhere, and run nothing. */
export function safeUrl(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const url = URL.parse(value, document.baseURI)
  return url !== null && ['https:', 'http:', 'mailto:', 'tel:'].includes(url.protocol)
    ? url.href
    : null
}
