import { useRef } from 'preact/hooks'
import { address } from '../core/api.ts'

/**
 * Somebody else's HTML, on a sheet of its own: the sandbox and the sheet's own
 * policy let nothing run or be fetched there.
 */
export function Frame({ html, title, narrow }: { html: string; title: string; narrow: boolean }) {
  const frame = useRef<HTMLIFrameElement>(null)
  const fill = () => {
    const sheet = frame.current?.contentDocument
    if (!sheet) return
    // Parsed by the sheet's document, so that the sheet's policy holds for it and not ours.
    sheet.documentElement.innerHTML = html
  }
  return (
    <iframe
      key={html}
      ref={frame}
      class={narrow ? 'sheet sheet-narrow' : 'sheet'}
      title={title}
      sandbox="allow-same-origin"
      src={address('sheet.frame.html').href}
      onLoad={fill}
    />
  )
}
