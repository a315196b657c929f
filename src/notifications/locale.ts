import { AsyncLocalStorage } from 'node:async_hooks'

const scope = new AsyncLocalStorage<string>()
const FALLBACK = 'en'

/** In whose language words are to be put just now; `en` where nobody is being spoken to. */
export function currentLocale(): string {
  return scope.getStore() ?? FALLBACK
}

/** Speaks `locale` while `run` runs, and afterwards what was spoken before. */
export function withLocale<Result>(locale: string, run: () => Result): Result {
  return scope.run(locale, run)
}
