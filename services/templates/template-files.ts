import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { parse } from 'yaml'
import { validate } from '../../src/index.ts'
import { TemplateBody, type TemplateChanges } from './template-body.ts'

const ENDINGS = ['.yaml', '.yml', '.json']

/** One file of a folder of templates: what it says, or why it cannot be read. */
export type TemplateFile =
  | {
      readonly file: string
      readonly name: string
      /** As it would be sent to `/api/templates`. */
      readonly body: object
      readonly changes: TemplateChanges
      readonly digest: string
    }
  | { readonly file: string; readonly name: string; readonly error: Error }

/**
 * The templates of a folder, in order of file name: YAML or JSON, each with the
 * fields of `/api/templates`; its name is the file's where it says no other.
 */
export async function readTemplateFolder(folder: string): Promise<TemplateFile[]> {
  const names = (await readdir(folder)).filter((name) => ENDINGS.includes(extname(name)))
  return Promise.all(names.sort().map((file) => readTemplateFile(folder, file)))
}

async function readTemplateFile(folder: string, file: string): Promise<TemplateFile> {
  const name = basename(file, extname(file))
  try {
    const text = await readFile(join(folder, file), 'utf8')
    const written: unknown = parse(text)
    const body = isRecord(written) ? { name: written.event_type ?? name, ...written } : written
    const changes = validate(TemplateBody, body, file)
    const digest = createHash('sha256').update(text).digest('base64url').slice(0, 22)
    return { file, name: changes.name ?? name, body: body as object, changes, digest }
  } catch (error) {
    return { file, name, error: error instanceof Error ? error : new Error(String(error)) }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
