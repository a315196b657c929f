const GAP = 8
const EDGE = 12

/**
 * Puts the panel under the bell, its end at the bell's end, or above where there
 * is more room; never over the edge. On phones the style sheet decides.
 */
export function placePanel(panel: HTMLElement, bell: HTMLElement): void {
  const { innerWidth, innerHeight } = window
  const { left, right, top, bottom } = bell.getBoundingClientRect()
  const isRightToLeft = getComputedStyle(bell).direction === 'rtl'
  const width = panel.offsetWidth
  const wanted = isRightToLeft ? left : right - width
  const x = Math.max(EDGE, Math.min(wanted, innerWidth - width - EDGE))
  const below = innerHeight - bottom - GAP - EDGE
  const above = top - GAP - EDGE
  const isBelow = below >= Math.min(panel.scrollHeight, 420) || below >= above
  panel.style.left = `${x}px`
  panel.style.maxHeight = `${Math.min(640, isBelow ? below : above)}px`
  panel.style.top = isBelow ? `${bottom + GAP}px` : 'auto'
  panel.style.bottom = isBelow ? 'auto' : `${innerHeight - top + GAP}px`
}
