import { z } from 'zod'
import type { TemplateBody } from '../services/templates/template-body.ts'
import { previewTemplate } from '../services/templates/template-preview.ts'
import type { TemplateRecord } from '../services/templates/template-record.ts'
import type { TemplateRenderer } from '../services/templates/template-renderer.ts'
import type { TemplateService } from '../services/templates/template-service.ts'
import { type Context, NotFound } from '../src/index.ts'

export const VersionQuery = z.object({ version: z.coerce.number().int().min(1).nullish() })

export const TemplatesQuery = z.object({
  cursor: z.string().max(300).nullish(),
  limit: z.coerce.number().int().min(1).max(100).default(15),
})

/** An id or a name, which may be any words. */
export const TemplateParams = z.object({ id: z.string().min(1).max(100) })

/** Sample values for a look at a template. */
export const PreviewBody = z.object({
  locale: z.string().max(35).nullish(),
  params: z.record(z.string(), z.unknown()).default({}),
  version: z.int().min(1).nullish(),
  variant: z.string().max(20).nullish(),
})

type TemplateParam = { readonly id: string }

/** `/api/templates`: what notifications say. `{id}` is an id or a name. */
export class TemplateController {
  readonly #templates: TemplateService
  readonly #renderer: TemplateRenderer

  constructor(parts: { templates: TemplateService; templateRenderer: TemplateRenderer }) {
    this.#templates = parts.templates
    this.#renderer = parts.templateRenderer
  }

  list = async ({ query }: Context) => {
    const { cursor, limit } = query as z.output<typeof TemplatesQuery>
    const all = await this.#templates.list()
    const rest = all.filter(({ name }) => cursor == null || name > cursor)
    const page = rest.slice(0, limit)
    const next = rest.length > limit ? (page.at(-1)?.name ?? null) : null
    return { data: page.map(shown), next_cursor: next }
  }

  find = async ({ params, query }: Context<TemplateParam>) => {
    const { version } = query as z.output<typeof VersionQuery>
    return shown(await this.#templates.find(params.id, version ?? null))
  }

  create = async ({ payload }: Context<unknown, z.output<typeof TemplateBody>>) =>
    shown(await this.#templates.create(payload))

  update = async ({ params, payload }: Context<TemplateParam, z.output<typeof TemplateBody>>) =>
    shown(await this.#templates.update(params.id, payload))

  remove = async ({ params }: Context<TemplateParam>) => {
    await this.#templates.remove(params.id)
    return { status: 'success' }
  }

  preview = async ({ params, payload }: Context<TemplateParam, z.output<typeof PreviewBody>>) => {
    const record = await this.#templates.find(params.id, payload.version ?? null)
    const { locale = null, params: values, variant = null } = payload
    if (variant !== null && !Object.hasOwn(record.variants ?? {}, variant)) {
      throw new NotFound(`The template has no variant ${JSON.stringify(variant)}.`)
    }
    const sample = { locale, params: values, variant }
    return previewTemplate(this.#renderer, record, sample)
  }
}

/** With the words of the default locale under the seeds' names. */
function shown({ source, ...record }: TemplateRecord) {
  const { title, message } = record.locales[record.default_locale]?.default ?? {}
  return { ...record, title_template: title ?? null, message_template: message ?? null }
}
