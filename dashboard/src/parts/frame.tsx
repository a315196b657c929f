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
    const parsed = new DOMParser().parseFromString(html, 'text/html')
    sheet.replaceChild(sheet.adoptNode(parsed.documentElement), sheet.documentElement)
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
