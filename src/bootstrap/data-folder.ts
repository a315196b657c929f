import { accessSync, constants, mkdirSync } from 'node:fs'
import { messageOf, Unavailable } from '../support/errors.ts'

/**
 * Makes the folder of the embedded store and broker where there is none. Raises `Unavailable`,
 * with the user who has to be able to write it, when it is of no use: a folder of the host that
 * a container was given belongs to somebody else as a rule.
 */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const user = process.getuid?.()
    const us = user === undefined ? 'this user' : `the user ${user}`
    throw new Unavailable(
      `DATA_DIR ${folder} cannot be written by ${us}: ${messageOf(error)}. Give the folder to that user, or name another.`,
      { cause: error },
    )
  }
}
