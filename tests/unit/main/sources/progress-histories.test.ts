import { defineHistories } from '../../../support/histories/define.ts'
import { progressLevel } from '../../../support/histories/source-levels.ts'

defineHistories(progressLevel)
