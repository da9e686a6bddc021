import { defineHistories } from '../../../support/histories/define.ts'
import { bothLevel } from '../../../support/histories/sources.ts'

defineHistories(bothLevel)
