import type { Context, HttpRouter, Middleware } from '../src/index.ts'

/** `POST /-/reload`: what SIGHUP does, with an answer. */
export function reloadRoute(
  router: HttpRouter,
  parts: {
    readonly authenticate: Middleware<Context>
    readonly reload: () => Promise<unknown>
  },
): void {
  router.group('/-', [parts.authenticate], (group) => {
    group.on(
      'POST',
      '/reload',
      {
        tags: ['operations'],
        scope: 'admin',
        summary: 'Read the files of templates and rules again',
      },
      () => parts.reload(),
    )
  })
}
