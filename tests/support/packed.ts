import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const TSC = join(ROOT, 'node_modules', '.bin', 'tsc')
/** What npm takes along without being told. */
const ALWAYS = ['package.json', 'README.md', 'LICENSE']

/** The package as `npm publish` would send it, installed into an empty project. */
export interface Packed {
  /** Its files, by their paths in it. */
  readonly files: readonly string[]
  /** Unpacked, in bytes. */
  readonly size: number
  readonly project: string
  /** `<project>/node_modules/belfry`. */
  readonly installed: string
  remove(): void
}

/** Builds, packs and installs; what the package depends on is taken from this checkout. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-packed-'))
  const staged = join(folder, 'staged')
  const project = join(folder, 'project')
  const modules = join(project, 'node_modules')
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly files: readonly string[]
  }
  for (const file of [...ALWAYS, ...files].filter((name) => name !== 'build')) {
    cpSync(join(ROOT, file), join(staged, file), { recursive: true })
  }
  tsc(ROOT, '-p', 'tsconfig.build.json', '--outDir', join(staged, 'build'))
  buildDashboard(join(staged, 'build', 'dashboard'))
  const npm = { cwd: staged, encoding: 'utf8' } as const
  const [tarball] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts'], npm),
  ) as [{ filename: string; unpackedSize: number; files: { path: string }[] }]
  mkdirSync(modules, { recursive: true })
  execFileSync('tar', ['-xzf', join(staged, tarball.filename), '-C', modules])
  execFileSync('mv', [join(modules, 'package'), join(modules, 'belfry')])
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name === 'belfry' || name.startsWith('.')) continue
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  return {
    files: tarball.files.map(({ path }) => path),
    size: tarball.unpackedSize,
    project,
    installed: join(modules, 'belfry'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** `npm ci` has built it; where its scripts are switched off it is built here. */
function buildDashboard(target: string): void {
  const built = join(ROOT, 'build', 'dashboard')
  if (existsSync(join(built, 'index.html'))) {
    cpSync(built, target, { recursive: true })
    return
  }
  const vite = join(ROOT, 'node_modules', '.bin', 'vite')
  const flags = ['build', 'dashboard', '--logLevel', 'warn', '--outDir', target]
  execFileSync(process.execPath, [vite, ...flags], { cwd: ROOT })
}

/** Throws with what the compiler says. */
export function tsc(cwd: string, ...args: readonly string[]): void {
  const said = tscSays(cwd, ...args)
  if (said !== '') throw new Error(`tsc ${args.join(' ')}:\n${said}`)
}

/** What the compiler says; empty when all is well. */
export function tscSays(cwd: string, ...args: readonly string[]): string {
  return spawnSync(process.execPath, [TSC, ...args], { cwd, encoding: 'utf8' }).stdout
}
