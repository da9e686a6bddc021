// `npm run backend`: the reference backend alone, in this very process.
import '../src/backend/main.ts'
