import type { App } from './app.ts'

/** What a person sees at the start: where to look, and lines to try that work as printed. */
export function banner(app: App, tookMs: number): string {
  const { config, http, broker, firstKey } = app
  const api = http.url
  const lines = [
    '',
    `  Belfry is ready in ${(tookMs / 1000).toFixed(1)} s`,
    '',
    `  HTTP   ${api}   (dashboard; API description: ${api}/docs)`,
    `  MQTT   ${broker?.description ?? 'not in this process'}`,
    `  Store  ${app.storeDescription}`,
  ]
  if (firstKey !== null) {
    lines.push('', `  The first API key, shown once:  ${firstKey}`)
  }
  if (config.auth.mode === 'off') {
    lines.push('', '  Authentication is off: everybody is whom he says he is, with every role.')
  }
  // Later starts know no key: their lines would not work as printed.
  if (config.auth.mode === 'off' || firstKey !== null) lines.push(...toTry(app))
  return `${lines.join('\n')}\n\n`
}

function toTry(app: App): string[] {
  const api = app.http.url
  const { prefix } = app.config.mqtt
  const to = brokerArguments(app)
  const isOff = app.config.auth.mode === 'off'
  const curl = isOff ? 'curl' : 'curl -H "authorization: Bearer $BELFRY_TOKEN"'
  return [
    '',
    '  Try, in a second terminal:',
    '',
    ...(isOff ? [] : [`  export BELFRY_TOKEN=${app.firstKey}`, '']),
    '  # a notification, and the inbox where it is',
    ...(to === null
      ? []
      : [
          `  mosquitto_pub ${to}-t ${prefix}notifications/realtime/user/42 -m '{"message":"Hello"}'`,
        ]),
    `  ${curl} ${api}/api/notifications -H 'content-type: application/json' \\`,
    `    -d '{"to":"user:42","message":"Hello again"}'`,
    `  ${curl} '${api}/api/notifications?user_id=42'`,
    '',
    '  # a mail; without SMTP_URL it is kept in the outbox',
    ...(to === null
      ? [
          `  ${curl} ${api}/api/notifications -H 'content-type: application/json' \\`,
          `    -d '{"to":{"email":"ada@example.com"},"title":"Hello","message":"It works."}'`,
        ]
      : [
          `  mosquitto_pub ${to}-t ${prefix}notifications/email/send \\`,
          `    -m '{"to":"ada@example.com","subject":"Hello","body":"It works."}'`,
        ]),
    `  ${curl} ${api}/api/outbox`,
  ]
}

/** What mosquitto_pub must be told of the broker; `null` where it would need a secret. */
function brokerArguments({ config, broker }: App): string | null {
  const { external, embedded } = config.mqtt
  if (broker === null) return null
  const isOff = config.auth.mode === 'off'
  if (external === null) {
    const to = argumentsFor(embedded.host, broker.port ?? embedded.port)
    return isOff ? to : `${to}-u admin -P "$BELFRY_TOKEN" `
  }
  if (!isOff) return null
  const { protocol, hostname, port, username } = new URL(external.urls[0] ?? '')
  const isOpen = protocol === 'mqtt:' && username === '' && external.credentials === undefined
  return isOpen ? argumentsFor(hostname, Number(port || 1883)) : null
}

function argumentsFor(host: string, port: number): string {
  return `${host === '127.0.0.1' || host === 'localhost' ? '' : `-h ${host} `}-p ${port} `
}
