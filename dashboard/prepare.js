// Builds the dashboard after `npm ci`, so that `npm start` has it at once. Where Vite is not
// installed (a production install) there is nothing to do, and a build that fails must not make
// the installation fail: the service runs without its dashboard, and `npm run build` says why.
const vite = await import('vite').catch(() => null)
if (vite !== null) {
  try {
    await vite.build({
      configFile: `${import.meta.dirname}/vite.config.ts`,
      logLevel: 'warn',
    })
  } catch (error) {
    process.stderr.write(`belfry: the dashboard was not built: ${error.message}\n`)
  }
}
