import { Agent, type AgentOptions } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { App } from 'firebase-admin/app'
import type { Messaging } from 'firebase-admin/messaging'
import { type Clock, uuidv7 } from '../../src/index.ts'
import { fetchGoogleToken, type ServiceAccount } from './google-token.ts'
import type { GuardedSender } from './http/guarded-sender.ts'

interface Parts {
  /** Reads the service account; what it throws is shown to the operator. */
  readonly readAccount: () => ServiceAccount
  /** Another base URL; `null`: Google's own. */
  readonly apiUrl: string | null
  readonly sender: Pick<GuardedSender, 'post' | 'close'>
  readonly clock: Clock
}

/** The part of Firebase's client that sends again by itself, which its types do not show. */
interface Senders {
  readonly messagingRequestHandler?: {
    readonly httpClient?: { retry?: unknown }
  }
}

/** A Firebase project: its own client, loaded when it is first needed. */
export class FcmAccount {
  readonly #parts: Parts
  readonly #agent: Agent
  #app: App | null = null
  #messaging: Promise<Messaging> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    const options = { keepAlive: true, maxSockets: 100 }
    this.#agent = parts.apiUrl === null ? new Agent(options) : redirected(parts.apiUrl, options)
  }

  /** Rejects when the service account cannot be read. */
  messaging(): Promise<Messaging> {
    this.#messaging ??= this.#open().catch((error: unknown) => {
      this.#messaging = null
      throw error
    })
    return this.#messaging
  }

  async close(): Promise<void> {
    await this.#messaging?.catch(() => undefined)
    if (this.#app !== null) {
      const { deleteApp } = await import('firebase-admin/app')
      await deleteApp(this.#app)
    }
    this.#agent.destroy()
    await this.#parts.sender.close()
  }

  async #open(): Promise<Messaging> {
    const { initializeApp } = await import('firebase-admin/app')
    const { getMessaging } = await import('firebase-admin/messaging')
    const { readAccount, sender, clock } = this.#parts
    const account = readAccount()
    const credential = { getAccessToken: () => fetchGoogleToken({ account, sender, clock }) }
    const { projectId } = account
    const options = { credential, projectId, httpAgent: this.#agent }
    const app = initializeApp(options, `belfry-${uuidv7()}`)
    this.#app = app
    const messaging = getMessaging(app)
    // Over HTTP/2 the client opens a connection for every call; this way they are kept.
    messaging.enableLegacyHttpTransport()
    withoutOwnRetries(messaging)
    return messaging
  }
}

/** Our queue tries again, later and durably: the client's four tries of its own would multiply it. */
function withoutOwnRetries(messaging: Messaging): void {
  const { httpClient } = (messaging as unknown as Senders).messagingRequestHandler ?? {}
  if (httpClient !== undefined) httpClient.retry = undefined
}

/**
 * An agent whose connections all lead to one address: Firebase's client knows no
 * other way of being pointed elsewhere.
 */
function redirected(apiUrl: string, options: AgentOptions): Agent {
  const { protocol, hostname, port } = new URL(apiUrl)
  const host = hostname.replace(/^\[|\]$/g, '')
  const agent = new Agent(options)
  agent.createConnection = (): Socket =>
    protocol === 'https:'
      ? connectTls({ host, port: Number(port || 443), servername: host })
      : connectTcp({ host, port: Number(port || 80) })
  return agent
}
