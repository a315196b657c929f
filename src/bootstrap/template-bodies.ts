import { readTemplateFolder } from '../../services/templates/template-files.ts'

/** A template of a folder, as it is sent to `/api/templates`. */
export interface TemplateToPush {
  readonly name: string
  readonly body: object
}

/** The templates of a folder; throws for the first file that cannot be read. */
export async function templatesOf(folder: string): Promise<TemplateToPush[]> {
  const files = await readTemplateFolder(folder)
  return files.map((file) => {
    if ('error' in file)
      throw new Error(`${file.file}: ${file.error.message}`, { cause: file.error })
    return { name: file.name, body: file.body }
  })
}
