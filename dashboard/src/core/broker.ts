import { signal } from '@preact/signals'
import { api } from './api.ts'

/** What mosquitto_pub must be told of the broker; empty where it is the usual one, or unknown. */
export const brokerArguments = signal('')

let isAsked = false

/** The command as it works here: with the host and the port of this service's broker. */
export function withBroker(command: string): string {
  if (!command.startsWith('mosquitto_pub ')) return command
  if (!isAsked) void ask()
  return command.replace('mosquitto_pub ', `mosquitto_pub ${brokerArguments.value}`)
}

async function ask(): Promise<void> {
  isAsked = true
  const document = await api.get('asyncapi.json').catch(() => null)
  const host = String(document?.servers?.broker?.host ?? '')
  const [, name = '', port = '1883'] = /^(.*?)(?::(\d+))?$/.exec(host) ?? []
  const isHere = ['', 'localhost', '127.0.0.1', '0.0.0.0'].includes(name)
  brokerArguments.value = `${isHere ? '' : `-h ${name} `}${port === '1883' ? '' : `-p ${port} `}`
}
