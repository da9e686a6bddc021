import { defineHistories } from '../../../support/histories/define.ts'
import { bothLevel } from '../../../support/histories/source-levels.ts'

defineHistories(bothLevel)
