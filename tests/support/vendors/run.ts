import { VENDORS } from './vendors.ts'

/** What lets Belfry reach servers on loopback by URLs that users give. */
const REACH = { OUTBOUND_ALLOW: '127.0.0.1' }

const running = await Promise.all(
  VENDORS.map(async (row) => ({ row, vendor: await row.start(row.port) })),
)

const env: Record<string, string> = { ...REACH }
const lines: string[] = []
for (const { row, vendor } of running) {
  Object.assign(env, row.env?.(vendor.url))
  const profile = row.profile ? `  profile: ${JSON.stringify(row.profile(vendor.url))}` : ''
  lines.push(`${row.name.padEnd(11)}${vendor.url}${profile}`)
}
const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`)
process.stdout.write(`${lines.join('\n')}

Start Belfry with
  ${settings.join(' \\\n  ')} \\
  npm start
and give a user one of the profiles above:
  belfry users set 42 '{"slack_webhook_url":"http://127.0.0.1:6411/services/T0000/B0000/belfry"}'
  belfry send user:42 "Hello" --channels slack

What a vendor took:       curl http://127.0.0.1:6411/_posts
How it is to behave:      curl -d '"hang"' http://127.0.0.1:6411/_behave
  "normal", "hang", "reset", "half", {"slowMs":3000}, {"status":503},
  {"status":429,"headers":{"retry-after":"10"}}
`)

const stop = () => {
  Promise.all(running.map(({ vendor }) => vendor.stop())).then(
    () => process.exit(0),
    () => process.exit(1),
  )
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
