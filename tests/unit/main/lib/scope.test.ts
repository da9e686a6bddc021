import { describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'

describe('Scope', () => {
  it('runs cleanups in reverse order of owning, one at a time', async () => {
    const scope = new Scope('app')
    const order: string[] = []
    scope.own(() => order.push('first'))
    scope.own(async () => {
      await Promise.resolve()
      order.push('second')
    })
    scope.own(() => order.push('third'))
    await scope.close('test')
    expect(order).toEqual(['third', 'second', 'first'])
  })

  it('silences the whole tree before anything is released', async () => {
    const app = new Scope('app')
    const grandchild = app.child('workspace').child('source')
    let silentAtRelease = false
    app.own(() => {
      silentAtRelease = grandchild.signal.aborted
    })
    const closing = app.close('test')
    expect(grandchild.signal.aborted).toBe(true)
    await closing
    expect(silentAtRelease).toBe(true)
  })

  it('gives everyone who closes the same promise', () => {
    const scope = new Scope('app')
    expect(scope.close('one')).toBe(scope.close('two'))
  })

  it('collects errors instead of throwing them, and releases the rest', async () => {
    const scope = new Scope('app')
    let released = false
    scope.own(() => {
      released = true
    })
    scope.own(() => {
      throw new Error('stuck')
    })
    const report = await scope.close('test')
    expect(released).toBe(true)
    expect(report.errors).toHaveLength(1)
  })

  it('refuses to own anything once it is closed', async () => {
    const scope = new Scope('app')
    await scope.close('test')
    expect(() => scope.own(() => undefined)).toThrow('closed')
  })

  it('forgets a child that closed by itself', async () => {
    const app = new Scope('app')
    const child = app.child('workspace')
    child.own(() => undefined)
    expect(app.size).toBe(2)
    await child.close('done')
    await Promise.resolve()
    expect(app.size).toBe(0)
    expect(app.closed).toBe(false)
  })

  it('counts what was released in itself and below', async () => {
    const app = new Scope('app')
    app.own(() => undefined)
    const child = app.child('workspace')
    child.own(() => undefined)
    child.own(() => undefined)
    expect((await app.close('test')).released).toBe(3)
  })

  it('waits for a child that was already closing by itself', async () => {
    const app = new Scope('app')
    const child = app.child('workspace')
    const gate = Promise.withResolvers<undefined>()
    child.own(() => gate.promise)
    void child.close('first')
    let done = false
    const closing = app.close('second').then(() => {
      done = true
    })
    await Promise.resolve()
    expect(done).toBe(false)
    gate.resolve(undefined)
    await closing
    expect(done).toBe(true)
  })

  it('gives a duty back without ending the thing', async () => {
    const scope = new Scope('app')
    let ended = false
    const giveBack = scope.own(() => {
      ended = true
    })
    giveBack()
    await scope.close('test')
    expect(ended).toBe(false)
  })
})
