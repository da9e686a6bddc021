import { connectionLevel } from '../../../support/histories/connection.ts'
import { defineHistories } from '../../../support/histories/define.ts'

defineHistories(connectionLevel)
