import type { App } from './app.ts'

/** What a person sees at the start: where to look, and lines to try that work as printed. */
export function banner(app: App, tookMs: number): string {
  const { config, http, broker, firstKey } = app
  const api = http.url
  const lines = [
    '',
    `  Belfry is ready in ${(tookMs / 1000).toFixed(1)} s`,
    '',
    `  HTTP   ${api}   (API description: ${api}/docs)`,
    `  MQTT   ${broker?.description ?? 'not in this process'}`,
    `  Store  ${app.storeDescription}`,
  ]
  if (firstKey !== null) {
    lines.push('', `  The first API key, shown once:  ${firstKey}`)
  }
  if (config.auth.mode === 'off') {
    lines.push('', '  Authentication is off: everybody is whom he says he is, with every role.')
    lines.push(...toTry(app))
  }
  return `${lines.join('\n')}\n\n`
}

function toTry({ http, broker }: App): string[] {
  const api = http.url
  const mqtt = broker?.port ? `-p ${broker.port} ` : ''
  return [
    '',
    '  Try, in a second terminal:',
    '',
    '  # a notification by MQTT, and the inbox where it is',
    `  mosquitto_pub ${mqtt}-t notifications/realtime/user/42 -m '{"message":"Hello"}'`,
    `  curl '${api}/api/notifications?user_id=42'`,
    '',
    '  # the same by HTTP',
    `  curl ${api}/api/notifications -H 'content-type: application/json' \\`,
    `    -d '{"to":"user:42","message":"Hello again"}'`,
    '',
    '  # a mail; without SMTP_URL it is kept in the outbox',
    `  mosquitto_pub ${mqtt}-t notifications/email/send \\`,
    `    -m '{"to":"ada@example.com","subject":"Hello","body":"It works."}'`,
    `  curl ${api}/api/outbox`,
  ]
}
