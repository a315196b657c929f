import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

export interface CheckpointOptions {
  /** Called when the rest of a long log should be copied by the owner, between two transactions. */
  readonly onNearlyDone: () => void
  /** Called when the thread is gone: from then on the owner has to copy the log himself. */
  readonly onFailure: (error: Error) => void
}

/** The thread that keeps the log of one file short. It does not keep the process alive. */
export class Checkpoints {
  readonly #worker: Worker
  readonly #ended: Promise<void>

  constructor(path: string, options: CheckpointOptions) {
    const script = new URL(`./checkpoint-worker${extname(import.meta.url)}`, import.meta.url)
    this.#worker = new Worker(script, { workerData: { path } })
    this.#worker.unref()
    this.#worker.on('message', options.onNearlyDone)
    this.#worker.on('error', options.onFailure)
    this.#ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()))
  }

  /** Resolves when the thread has let go of the file. */
  async stop(): Promise<void> {
    this.#worker.ref()
    this.#worker.postMessage('stop')
    await this.#ended
  }
}
