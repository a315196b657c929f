/**
 * A node in a process of its own, to be killed. Takes its options as JSON in
 * the first argument, prints `ready` when it is subscribed and `stopped` after
 * SIGTERM.
 *
 * @module
 */

import { type NodeOptions, startNode } from './mqtt-node.ts'

const options: NodeOptions = JSON.parse(process.argv[2] ?? '{}')
const node = await startNode({ ...options, logTo: process.stderr })
process.stdout.write('ready\n')
process.on('SIGTERM', () => {
  void node.stop().then(() => process.stdout.write('stopped\n', () => process.exit(0)))
})
