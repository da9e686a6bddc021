import type { FailureCode } from '../../shared/failure.ts'

/** The one class of error that is thrown on purpose. Foreign errors are translated where they enter. */
export class AppError extends Error {
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'AppError'
    this.code = code
  }
}
