import { defineHistories } from '../../../support/histories/define.ts'
import { streamLevel } from '../../../support/histories/source-levels.ts'

defineHistories(streamLevel)
