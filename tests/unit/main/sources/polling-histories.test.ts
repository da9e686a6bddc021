import { defineHistories } from '../../../support/histories/define.ts'
import { pollingLevel } from '../../../support/histories/source-levels.ts'

defineHistories(pollingLevel)
