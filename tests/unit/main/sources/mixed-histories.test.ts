import { defineHistories } from '../../../support/histories/define.ts'
import { mixedLevel } from '../../../support/histories/source-levels.ts'

defineHistories(mixedLevel)
