import { existsSync, readdirSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../support/errors.ts'
import type { Additions, DefineRoutes, OwnRoutes } from './own-app.ts'

type Module = Readonly<Record<string, unknown>>

const EXTENSION = import.meta.filename.endsWith('.ts') ? 'ts' : 'js'
/** What files of an application import by these names is what is running. */
const OURS: Readonly<Record<string, string>> = {
  belfry: `../index.${EXTENSION}`,
  'belfry/app': `./create-app.${EXTENSION}`,
  'belfry/testing': `../testing/index.${EXTENSION}`,
  'belfry/notifications': `../../notifications/index.${EXTENSION}`,
}

/**
 * Loads `BELFRY_APP`: every file in its `routers/` must export a function
 * `routes`, and every notification class that a file in `notifications/` exports
 * becomes known. A file that cannot be loaded stops the start: a broken
 * deployment must not look healthy.
 */
export async function loadApp(
  folder: string,
  parts: OwnRoutes,
  additions: Additions,
): Promise<void> {
  const routers = join(folder, 'routers')
  const notifications = join(folder, 'notifications')
  if (!existsSync(routers) && !existsSync(notifications)) {
    throw new Error(
      `BELFRY_APP: there is no folder ${routers}; routers of your own go there, notification classes into notifications/.`,
    )
  }
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const ours = OURS[specifier]
      return ours === undefined
        ? next(specifier, context)
        : { url: new URL(ours, import.meta.url).href, shortCircuit: true }
    },
  })
  try {
    for (const file of filesIn(notifications)) additions.addExports(await importFile(file))
    for (const file of filesIn(routers)) await defineRoutes(file, parts)
  } finally {
    // What they import later, on demand, is theirs to find.
    hooks.deregister()
  }
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter(
    (name) => /\.(ts|js|mjs)$/.test(name) && !/\.d\.ts$/.test(name),
  )
  return names.sort().map((name) => join(folder, name))
}

async function defineRoutes(file: string, parts: OwnRoutes): Promise<void> {
  const { routes } = await importFile(file)
  if (typeof routes !== 'function') {
    throw new Error(`BELFRY_APP: ${file} must export a function called routes.`)
  }
  try {
    await (routes as DefineRoutes)(parts)
  } catch (error) {
    throw new Error(`BELFRY_APP: ${file}: ${messageOf(error)}`, { cause: error })
  }
}

async function importFile(file: string): Promise<Module> {
  try {
    return (await import(pathToFileURL(file).href)) as Module
  } catch (error) {
    throw new Error(`BELFRY_APP: ${file} could not be loaded: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
