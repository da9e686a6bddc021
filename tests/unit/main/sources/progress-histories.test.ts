import { defineHistories } from '../../../support/histories/define.ts'
import { progressLevel } from '../../../support/histories/sources.ts'

defineHistories(progressLevel)
