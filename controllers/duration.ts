export { duration } from '../src/index.ts'
