import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ChannelRules } from '../broadcasting/channel-rules.ts'
import type { Principal } from '../context.ts'
import type { HttpRouter } from '../http/http-router.ts'
import type { Router } from '../mqtt/router.ts'
import { messageOf } from '../support/errors.ts'
import type { Services } from './services.ts'
import type { TopicMiddleware } from './topics.ts'

/** What a router file of one's own is given. */
export interface OwnRoutes {
  /** For MQTT topics: `router.group('garden', [middleware.authenticate], (garden) => …)`. */
  readonly router: Router
  /** For HTTP paths. */
  readonly http: HttpRouter
  /** Who may join which broadcast channel; yours are asked before ours. */
  readonly channels: ChannelRules<Principal>
  readonly middleware: TopicMiddleware
  readonly services: Services
}

/** What `<folder>/routers/*.ts` exports. */
export type DefineRoutes = (parts: OwnRoutes) => void | Promise<void>

/**
 * Loads `BELFRY_APP`: every file in its `routers/` must export a function
 * `routes`. A file that cannot be loaded, or that exports none, stops the start:
 * a broken deployment must not look healthy.
 */
export async function loadApp(folder: string, parts: OwnRoutes): Promise<string[]> {
  const routers = join(folder, 'routers')
  if (!existsSync(routers)) {
    throw new Error(`BELFRY_APP: there is no folder ${routers}; routers of your own go there.`)
  }
  const files = readdirSync(routers).filter(
    (name) => /\.(ts|js|mjs)$/.test(name) && !/\.d\.ts$/.test(name),
  )
  for (const name of files.sort()) {
    const file = join(routers, name)
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
  return files
}

async function importFile(file: string): Promise<{ readonly routes?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { routes?: unknown }
  } catch (error) {
    throw new Error(`BELFRY_APP: ${file} could not be loaded: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
