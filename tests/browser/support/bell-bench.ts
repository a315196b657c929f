import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Device } from '../../support/mqtt-device.ts'
import { startService, type TestService } from '../../support/service.ts'
import { startBrowser, type TestBrowser } from './browser.ts'
import { serveExamples } from './examples.ts'
import type { TestSite } from './site.ts'

const run = promisify(execFile)

/** A service, a web site with the example pages, and a browser. */
export class BellBench {
  readonly service: TestService
  readonly browser: TestBrowser
  readonly #site: TestSite
  #people = 0

  private constructor(service: TestService, browser: TestBrowser, site: TestSite) {
    this.service = service
    this.browser = browser
    this.#site = site
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<BellBench> {
    const [service, browser, site] = await Promise.all([
      startService({ env }),
      startBrowser(),
      serveExamples(),
    ])
    return new BellBench(service, browser, site)
  }

  async stop(): Promise<void> {
    await Promise.all([this.service.stop(), this.browser.close(), this.#site.stop()])
  }

  somebody(): string {
    this.#people += 1
    return `person-${this.#people}`
  }

  /** Where an example page is, as this user sees it. */
  address(page: string, user: string, more: Readonly<Record<string, string>> = {}): string {
    const search = new URLSearchParams({ url: this.service.url, user, ...more })
    return `${this.#site.url}/${page}/?${search}`
  }

  /** What a device does: publishes by MQTT 3.1.1 with QoS 1, one after the other. */
  async publish(topic: string, ...messages: readonly object[]): Promise<void> {
    const device = await Device.connect(this.service.mqttUrl, '311')
    for (const message of messages) await device.publish(topic, message)
    await device.close()
  }

  /** What somebody types on a terminal. */
  async mosquittoPub(topic: string, message: object): Promise<void> {
    const where = ['-h', '127.0.0.1', '-p', String(this.service.mqttPort), '-q', '1']
    await run('mosquitto_pub', [...where, '-t', topic, '-m', JSON.stringify(message)])
  }

  async notify(user: string, ...messages: readonly object[]): Promise<void> {
    await this.publish(`notifications/realtime/user/${user}`, ...messages)
  }
}
