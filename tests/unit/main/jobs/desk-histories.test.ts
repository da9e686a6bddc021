import { defineHistories } from '../../../support/histories/define.ts'
import { deskLevel } from '../../../support/histories/desk.ts'

defineHistories(deskLevel)
