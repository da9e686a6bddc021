import fc from 'fast-check'

// Every generated test of a run begins with this seed; `FC_SEED=n` repeats a run or tries another.
fc.configureGlobal({ seed: Number(process.env.FC_SEED) })
