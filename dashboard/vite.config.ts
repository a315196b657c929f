import { join } from 'node:path'
import { defineConfig } from 'vite'

/** Every address is relative, so that the page works at `/` and behind any path of a proxy. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(import.meta.dirname, '..', 'build', 'dashboard'),
    emptyOutDir: true,
    // The content security policy takes neither inline styles nor data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
})
