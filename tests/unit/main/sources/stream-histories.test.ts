import { defineHistories } from '../../../support/histories/define.ts'
import { streamLevel } from '../../../support/histories/sources.ts'

defineHistories(streamLevel)
