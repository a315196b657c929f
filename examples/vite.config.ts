import { globSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vite'

const client = join(import.meta.dirname, '..', 'client', 'src')

/** `npm run examples` serves the pages; elsewhere `@belfry/client` comes from npm. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: {
    alias: {
      '@belfry/client/element': join(client, 'element', 'index.ts'),
      '@belfry/client/react': join(client, 'react', 'index.ts'),
      '@belfry/client/vue': join(client, 'vue', 'index.ts'),
      '@belfry/client': join(client, 'core', 'index.ts'),
    },
  },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  server: { host: '127.0.0.1', port: 5173 },
  build: {
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: globSync('{,*/}index.html', { cwd: import.meta.dirname }).map((page) =>
        join(import.meta.dirname, page),
      ),
    },
  },
})
