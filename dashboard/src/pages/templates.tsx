import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { go, href, hrefWithin, place } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { counted } from '../core/words.ts'
import { Button, Empty, Export, Tag, Time, Trouble } from '../parts/basics.tsx'
import { Page, Search } from '../parts/layout.tsx'
import { List } from '../parts/list.tsx'
import { TemplateEditor } from './template-editor.tsx'

/** What notifications say, in every language, and what it looks like. */
export function View() {
  const templates = useResource('api/templates?limit=100', { everyMs: 30_000 })
  const { rest, query } = place.value
  const [name] = rest
  if (name) return <TemplateEditor key={name} name={name} onChange={templates.reload} />
  const all: readonly Json[] = templates.data.value?.data ?? []
  const words = (query.get('q') ?? '').toLowerCase()
  const shown = all.filter((each) => JSON.stringify(each).toLowerCase().includes(words))
  return (
    <Page
      title="Templates"
      lead="Words apart from code: one text for every language and channel."
      actions={
        <>
          <Button kind="main" onClick={() => go(href(['templates', '+']))}>
            New
          </Button>
          <Export name="templates" rows={() => shown} />
        </>
      }
    >
      <div class="filters">
        <Search label="Search name, words" />
      </div>
      {templates.error.value ? (
        <Trouble problem={templates.error.value} retry={templates.reload} />
      ) : null}
      <List
        label="Templates"
        items={shown}
        keyOf={({ id }) => id}
        rowHeight={isNarrow.value ? 72 : 52}
        row={(template) => <Row template={template} />}
        empty={templates.data.value ? <Nothing /> : null}
      />
    </Page>
  )
}

function Row({ template }: { template: Json }) {
  const { name, title_template, message_template, is_active, critical, version, updated_at } =
    template
  const variants = Object.keys(template.variants ?? {}).length
  return (
    <a class="row line-row" href={hrefWithin([name])} data-row>
      <strong>{name}</strong>
      <span class="line-about">{title_template ?? message_template}</span>
      <span class="live-how">
        {variants === 0 ? null : <Tag tone="info">{counted(variants, 'variant')}</Tag>}
        {critical ? <Tag tone="bad">critical</Tag> : null}
        {is_active ? null : <Tag tone="quiet">off</Tag>}
        <Tag tone="quiet">v{version}</Tag>
        <Time at={updated_at} />
      </span>
    </a>
  )
}

function Nothing() {
  return (
    <Empty
      title="No template yet"
      command={`curl ${location.origin}${location.pathname}api/templates -H 'content-type: application/json' -d '{"name":"order.shipped","title_template":"Order {{ id }} is on its way","message_template":"{{ carrier }} brings it.","permitted_params":["id","carrier"]}'`}
    >
      A template is words with places for values. Make one here, as a file in TEMPLATES_DIR, or:
    </Empty>
  )
}
