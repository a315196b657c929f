/** The colours of a mail in daylight. */
export const PALETTE = {
  page: '#f3f4f6',
  card: '#ffffff',
  line: '#e4e6ea',
  ink: '#16181d',
  text: '#3a3f4a',
  quiet: '#6b7280',
  info: '#2f5bd7',
  success: '#1a7f4b',
  error: '#c5303b',
} as const

const FONT =
  "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
const BUTTON =
  'display:inline-block;margin:0 8px 8px 0;padding:11px 20px;border-radius:8px;font-size:15px;' +
  `line-height:20px;font-weight:600;text-decoration:none;${FONT}`

/** Inline styles: many clients drop everything else. */
export const STYLE = {
  page: `margin:0;padding:0;background:${PALETTE.page};-webkit-text-size-adjust:100%`,
  preview:
    'display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;color:transparent;font-size:1px;line-height:1px',
  outer: 'padding:32px 16px 40px',
  column: 'max-width:600px;margin:0 auto',
  brand: `padding:0 4px 14px;font-size:14px;line-height:20px;font-weight:600;color:${PALETTE.quiet};${FONT}`,
  card: `background:${PALETTE.card};border:1px solid ${PALETTE.line};border-radius:12px;border-collapse:separate;overflow:hidden`,
  accent: 'height:4px;line-height:4px;font-size:1px',
  inner: 'padding:32px 36px 28px',
  heading: `margin:0 0 16px;font-size:21px;line-height:29px;font-weight:650;letter-spacing:-0.01em;color:${PALETTE.ink};overflow-wrap:anywhere;${FONT}`,
  text: `margin:0 0 14px;font-size:16px;line-height:25px;color:${PALETTE.text};overflow-wrap:anywhere;${FONT}`,
  salutation: `margin:22px 0 8px;font-size:16px;line-height:25px;color:${PALETTE.text};overflow-wrap:anywhere;${FONT}`,
  link: `color:${PALETTE.info};text-decoration:underline`,
  buttons: 'margin:10px 0 6px',
  button: `${BUTTON};color:#ffffff;border:1px solid transparent`,
  plainButton: `${BUTTON};color:${PALETTE.text};border:1px solid #cdd1d8;font-weight:500`,
  foot: `padding:18px 4px 0;color:${PALETTE.quiet};${FONT}`,
  footLine: 'margin:0 0 8px;font-size:13px;line-height:20px',
  longLink: `color:${PALETTE.quiet};text-decoration:underline;word-break:break-all`,
  quietLink: `color:${PALETTE.quiet};text-decoration:underline`,
} as const

/** For readers who prefer dark, and for narrow windows; what clients without it lose is comfort. */
export const DARK_AND_NARROW = `
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (max-width:480px){
.outer{padding:20px 10px 28px!important}
.inner{padding:24px 20px 20px!important}
.buttons{width:100%!important}
.button,.plain{display:block!important;margin-right:0!important;text-align:center!important}
}
@media (prefers-color-scheme:dark){
.page{background:#0f1114!important}
.card{background:#191c21!important;border-color:#2a2e36!important}
.heading{color:#f2f3f5!important}
.text{color:#c6cad2!important}
.brand,.quiet{color:#8d94a1!important}
.link{color:#8fb0ff!important}
.info{background:#3f6df0!important}
.success{background:#218f57!important}
.error{background:#cf3d49!important}
.plain{color:#dfe2e8!important;border-color:#444a55!important}
}
`
