import { onMounted, type Ref, ref, watch } from 'vue'
import { ApiError } from '../core/client'
import { useSession } from './store/session'

export function sentence(error: unknown): string {
  if (error instanceof ApiError) return error.problem.detail
  console.error(error)
  return '页面出错了，请刷新后再试。'
}

/** Reads something again whenever `when` changes. A slower, older answer never replaces a newer one. */
export function useLoad<T>(read: () => Promise<T>, when: () => unknown = () => 0): { data: Ref<T | undefined>; problem: Ref<string>; loading: Ref<boolean>; again: () => Promise<void> } {
  const data = ref<T>() as Ref<T | undefined>
  const problem = ref('')
  const loading = ref(false)
  let turn = 0
  async function again(): Promise<void> {
    const mine = ++turn
    loading.value = true
    try {
      const got = await read()
      if (mine !== turn) return
      data.value = got
      problem.value = ''
    } catch (error) {
      if (mine !== turn) return
      if (error instanceof ApiError && error.problem.status === 401) useSession().gone()
      problem.value = sentence(error)
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  onMounted(again)
  watch(when, again)
  return { data, problem, loading, again }
}
