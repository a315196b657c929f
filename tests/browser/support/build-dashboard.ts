import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The pages are tested as they are now, not as they were at the last installation. */
export async function setup(): Promise<void> {
  const script = join(import.meta.dirname, '..', '..', '..', 'dashboard', 'prepare.js')
  const { stderr } = await promisify(execFile)(process.execPath, [script])
  if (stderr.includes('was not built')) throw new Error(stderr)
}
