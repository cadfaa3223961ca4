import { describe, expect, it } from 'vitest'
import { problemOf } from './upload'

describe('problemOf', () => {
  it('keeps the sentence of the server', () =>
    expect(problemOf(409, '{"type":"about:blank","title":"冲突","status":409,"detail":"这处差异已由张三处理。","code":"conflict"}').problem).toMatchObject({
      detail: '这处差异已由张三处理。', code: 'conflict', status: 409,
    }))
  it('has a sentence when the answer is a page of something between', () => expect(problemOf(502, '<html>Bad Gateway</html>').problem).toMatchObject({ code: 'failed', status: 502 }))
  it('has a sentence when the answer is JSON, but not ours', () => expect(problemOf(500, '{"error":1}').problem.detail).toContain('稍后再试'))
  it('says that the server cannot be reached', () => expect(problemOf(0, '').problem.code).toBe('offline'))
})
