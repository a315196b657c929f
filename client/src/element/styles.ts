/**
 * The look of the bell: calm, light and dark, left to right and right to left.
 * Pages change it by the custom properties `--bell-…` and by `::part`.
 */
const CSS = `
:host {
  display: inline-block; color-scheme: light dark; font: var(--bell-font, 400 14px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
  --accent: var(--bell-accent, light-dark(#3650c8, #a5b4fc));
  --surface: var(--bell-surface, light-dark(#ffffff, #171a21));
  --text: var(--bell-text, light-dark(#1a1f2b, #eef0f5));
  --muted: var(--bell-muted, light-dark(#5a6273, #a4adbd));
  --line: var(--bell-line, light-dark(#e8eaf0, #2a2f3a));
  --hover: var(--bell-hover, light-dark(#f4f5f9, #20242d));
  --badge: var(--bell-badge, #c92a2a);
  --radius: var(--bell-radius, 16px);
  --info: light-dark(#3650c8, #a5b4fc); --success: light-dark(#1b7a43, #7ee2a8);
  --warning: light-dark(#8f5a00, #f5c264); --error: light-dark(#b42318, #ff9a91); --alert: var(--error);
}
:host([theme='light']) { color-scheme: light; }
:host([theme='dark']) { color-scheme: dark; }
[hidden], :host([hidden]) { display: none !important; }
*, ::before { box-sizing: border-box; }
button, a, input { font: inherit; color: inherit; }
button { background: none; border: 0; padding: 0; cursor: pointer; text-align: start; touch-action: manipulation; }
h2, h3, p, ul { margin: 0; padding: 0; list-style: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.icon { inline-size: 18px; block-size: 18px; display: block; flex: none; }
:host(:dir(rtl)) .icon-back { transform: scaleX(-1); }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.bell { position: relative; display: grid; place-items: center; inline-size: 44px; block-size: 44px; border-radius: 50%; transition: background-color .15s; }
.bell:hover, .bell[aria-expanded='true'] { background: color-mix(in srgb, currentColor 10%, transparent); }
.bell .icon { inline-size: 22px; block-size: 22px; }
.badge { position: absolute; inset-block-start: 3px; inset-inline-end: 2px; min-inline-size: 18px; block-size: 18px; padding-inline: 5px; border-radius: 9px; background: var(--badge); color: #fff; font: 600 11px/18px system-ui, sans-serif; text-align: center; font-variant-numeric: tabular-nums; }
.badge[hidden] { display: none; }
.offline { position: absolute; inset-block-end: 8px; inset-inline-end: 8px; inline-size: 9px; block-size: 9px; border-radius: 50%; background: var(--warning); box-shadow: 0 0 0 2px var(--surface); }
.offline[hidden] { display: none; }
.bell.ring .icon { animation: ring .6s ease-in-out; transform-origin: 50% 10%; }
@keyframes ring { 20% { rotate: 14deg; } 40% { rotate: -12deg; } 60% { rotate: 7deg; } 80% { rotate: -4deg; } }

.panel { position: fixed; inset: auto; margin: 0; padding: 0; border: 1px solid var(--line); inline-size: min(408px, calc(100vw - 24px)); max-block-size: min(640px, calc(100dvh - 24px)); background: var(--surface); color: var(--text); border-radius: var(--radius); box-shadow: 0 1px 2px rgb(15 20 40 / .06), 0 16px 48px rgb(15 20 40 / .18); overflow: hidden; flex-direction: column; text-align: start; }
.panel:popover-open { display: flex; opacity: 1; translate: 0 0; transition: opacity .16s, translate .16s; }
@starting-style { .panel:popover-open { opacity: 0; translate: 0 -6px; } }
.panel:focus { outline: none; }
.head { display: flex; align-items: center; gap: 4px; padding: 14px 12px 10px 18px; }
:host(:dir(rtl)) .head { padding: 14px 18px 10px 12px; }
.head h2 { font-size: 17px; font-weight: 650; letter-spacing: -.01em; }
.state { display: inline-flex; align-items: center; gap: 6px; margin-inline: 10px auto; color: var(--muted); font-size: 12px; }
.state::before { content: ''; inline-size: 7px; block-size: 7px; border-radius: 50%; background: var(--warning); }
.state[data-state='connected']::before { background: var(--success); }
.state[data-state='disconnected']::before { background: var(--muted); }
.tool { display: grid; place-items: center; min-inline-size: 34px; block-size: 34px; border-radius: 10px; color: var(--muted); transition: background-color .12s, color .12s; }
.tool:hover { background: var(--hover); color: var(--text); }
.tool[disabled] { opacity: .4; cursor: default; background: none; }
.filters { display: flex; gap: 6px; padding: 0 18px 12px; border-block-end: 1px solid var(--line); }
.filter { padding: 4px 12px; border-radius: 999px; font-size: 13px; font-weight: 550; color: var(--muted); }
.filter:hover { background: var(--hover); }
.filter[aria-pressed='true'] { background: color-mix(in srgb, var(--accent) 13%, transparent); color: var(--accent); }
.scroll { overflow-y: auto; overscroll-behavior: contain; flex: 1; min-block-size: 0; scrollbar-width: thin; }

.item { position: relative; display: grid; grid-template-columns: auto 1fr; column-gap: 12px; padding: 13px 18px; border-block-end: 1px solid var(--line); transition: background-color .12s; }
.item:last-child { border-block-end: 0; }
.item:hover, .item:focus-within { background: var(--hover); }
.item.is-unread::before { content: ''; position: absolute; inset-block-start: 25px; inset-inline-start: 6px; inline-size: 6px; block-size: 6px; border-radius: 50%; background: var(--accent); }
.mark { display: grid; place-items: center; inline-size: 34px; block-size: 34px; border-radius: 11px; color: var(--kind); background: color-mix(in srgb, var(--kind) 12%, transparent); }
.item[data-kind='info'] { --kind: var(--info); } .item[data-kind='success'] { --kind: var(--success); } .item[data-kind='warning'] { --kind: var(--warning); }
.item[data-kind='error'], .item[data-kind='alert'] { --kind: var(--error); }
.body { min-inline-size: 0; display: grid; gap: 2px; }
.open { display: grid; gap: 2px; text-decoration: none; border-radius: 6px; }
.open:focus-visible { outline-offset: 4px; }
.title { font-weight: 500; overflow-wrap: anywhere; }
.title, .message { text-align: -webkit-match-parent; text-align: match-parent; }
.is-unread .title { font-weight: 650; }
.message { color: var(--muted); overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; white-space: pre-line; }
.foot { display: flex; align-items: center; gap: 6px; min-block-size: 28px; color: var(--muted); font-size: 12px; }
.foot .kind { color: var(--kind); font-weight: 550; }
.tools { display: flex; margin-inline-start: auto; gap: 2px; opacity: 0; transition: opacity .12s; }
.item:hover .tools, .item:focus-within .tools { opacity: 1; }
.tools .tool { min-inline-size: 30px; block-size: 28px; border-radius: 8px; }
.tools .tool:hover { background: color-mix(in srgb, var(--text) 9%, transparent); }
.row { display: flex; flex-wrap: wrap; gap: 6px; padding-block: 6px 4px; }
.action { display: inline-flex; align-items: center; min-block-size: 32px; padding: 4px 14px; border-radius: 9px; border: 1px solid var(--line); background: var(--surface); font-size: 13px; font-weight: 550; text-decoration: none; transition: border-color .12s; }
.reply { flex: 1; min-inline-size: 0; min-block-size: 32px; padding: 4px 10px; border: 1px solid var(--line); border-radius: 9px; background: var(--surface); }
form.row { flex: 1 1 100%; padding: 0; }
.action:hover { border-color: var(--muted); }
.action.first { background: var(--accent); border-color: transparent; color: var(--surface); }
.action.first:hover { filter: brightness(1.08); }
.action[disabled] { opacity: .6; cursor: default; }

.empty { display: grid; justify-items: center; gap: 4px; padding: 52px 32px 60px; text-align: center; color: var(--muted); }
.empty .icon { inline-size: 40px; block-size: 40px; margin-block-end: 10px; stroke-width: 1.2; opacity: .8; }
.empty strong { color: var(--text); font-weight: 600; font-size: 15px; }
.more { display: block; inline-size: 100%; padding: 14px; text-align: center; color: var(--accent); font-weight: 550; }
.more:hover { background: var(--hover); }
.more:focus-visible { outline-offset: -4px; }
.ghost { display: grid; grid-template-columns: 34px 1fr; gap: 12px; padding: 14px 18px; }
.ghost i { display: block; block-size: 34px; border-radius: 11px; background: var(--hover); animation: breathe 1.4s ease-in-out infinite alternate; }
@keyframes breathe { to { opacity: .45; } }
.trouble { display: flex; gap: 8px; padding: 9px 18px; background: color-mix(in srgb, var(--error) 10%, transparent); color: var(--error); font-size: 13px; }
.trouble[hidden] { display: none; }

.settings { padding: 4px 18px 20px; }
.settings h3 { margin-block: 16px 4px; font-size: 12px; font-weight: 600; color: var(--muted); }
.settings p { font-size: 13px; color: var(--muted); }
.setting { display: flex; align-items: center; justify-content: space-between; min-block-size: 44px; gap: 16px; border-block-end: 1px solid var(--line); cursor: pointer; }
.setting:last-of-type { border-block-end: 0; }
.setting input[type='checkbox'] { appearance: none; margin: 0; inline-size: 40px; block-size: 24px; border-radius: 12px; background: var(--muted); position: relative; cursor: pointer; transition: background-color .15s; }
.setting input[type='checkbox']::before { content: ''; position: absolute; inset-block-start: 3px; inset-inline-start: 3px; inline-size: 18px; block-size: 18px; border-radius: 50%; background: var(--surface); transition: inset-inline-start .15s; }
.setting input[type='checkbox']:checked { background: var(--accent); }
.setting input[type='checkbox']:checked::before { inset-inline-start: 19px; }
.times { display: flex; gap: 14px; padding-block: 10px; }
.times label { display: flex; align-items: center; gap: 8px; color: var(--muted); font-size: 13px; }
.times input { padding: 6px 8px; border: 1px solid var(--line); border-radius: 9px; background: var(--surface); color: var(--text); }

@media (hover: none) { .tools { opacity: 1; } .tools .tool { min-inline-size: 40px; block-size: 36px; } .tool { min-inline-size: 40px; block-size: 40px; } .action { min-block-size: 40px; } .filter { padding-block: 8px; } }
@media (max-width: 520px) {
  .panel { inset: auto 0 0 0 !important; inline-size: 100%; max-inline-size: none; max-block-size: 86dvh; border-radius: var(--radius) var(--radius) 0 0; border-inline: 0; border-block-end: 0; padding-block-end: env(safe-area-inset-bottom); }
  .panel::backdrop { background: rgb(10 12 20 / .4); }
  @starting-style { .panel:popover-open { translate: 0 24px; } }
}
@media (prefers-reduced-motion: reduce) { *, ::before { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .badge, .filter[aria-pressed='true'], .setting input[type='checkbox'] { border: 1px solid; } .state::before, .item.is-unread::before { background: CanvasText; } }
`

let sheet: CSSStyleSheet | null = null

/** One sheet for all bells of a page; made in script, which a strict content policy allows. */
export function bellStyles(): CSSStyleSheet {
  if (sheet === null) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(CSS)
  }
  return sheet
}
