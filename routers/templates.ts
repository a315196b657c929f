import {
  PreviewBody,
  type TemplateController,
  TemplateParams,
  TemplatesQuery,
  VersionQuery,
} from '../controllers/template-controller.ts'
import { TemplateBody } from '../services/templates/template-body.ts'
import type { HttpGroup } from '../src/index.ts'

/** What notifications say, under `/api/templates`. */
export function templateRoutes(
  api: HttpGroup<'/api'>,
  { templates }: { readonly templates: TemplateController },
): void {
  const one = { params: TemplateParams } as const
  const read = { tags: ['templates'], scope: 'read' } as const
  const admin = { tags: ['templates'], scope: 'admin' } as const
  api.on(
    'GET',
    '/templates',
    { ...read, query: TemplatesQuery, summary: 'Templates, by name' },
    templates.list,
  )
  api.on(
    'POST',
    '/templates',
    { ...admin, body: TemplateBody, status: 201, summary: 'A new template' },
    templates.create,
  )
  api.on(
    'GET',
    '/templates/{id}',
    { ...one, ...read, query: VersionQuery, summary: 'A template, by id or name' },
    templates.find,
  )
  api.on(
    'PUT',
    '/templates/{id}',
    { ...one, ...admin, body: TemplateBody, summary: 'Change a template: a new version of it' },
    templates.update,
  )
  api.on(
    'DELETE',
    '/templates/{id}',
    { ...one, ...admin, summary: 'Remove a template' },
    templates.remove,
  )
  api.on(
    'POST',
    '/templates/{id}/preview',
    {
      ...one,
      ...read,
      body: PreviewBody,
      summary: 'What it says on every channel, with sample values',
    },
    templates.preview,
  )
}
