import { defineHistories } from '../../../support/histories/define.ts'
import { sessionLevel } from '../../../support/histories/session.ts'

defineHistories(sessionLevel)
