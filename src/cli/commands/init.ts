import { makeProject } from '../../bootstrap/starter.ts'
import type { Command } from '../command.ts'

/** Begins a project; needs no running service. */
export const initCommands: readonly Command[] = [
  {
    usage: 'init [folder]',
    summary: 'Make a small project of your own: a topic, a notification class, a rule, a test',
    examples: ['init shop', 'init .'],
    async run({ out }, [folder = '.']) {
      const made = await makeProject(folder)
      const enter = folder === '.' ? '' : `cd ${folder}\n`
      out.done(`${made.files.length} files written.\n\n${enter}npm install\nnpm start`, made)
    },
  },
]
