import { defineHistories } from '../../../support/histories/define.ts'
import { realtimeLevel } from '../../../support/histories/source-levels.ts'

defineHistories(realtimeLevel)
