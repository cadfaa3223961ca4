import { defineStore } from 'pinia'
import { ref } from 'vue'
import { ApiError, login as apiLogin, logout as apiLogout, type Me, me as apiMe } from '../../core/client'

export const useSession = defineStore('session', () => {
  const me = ref<Me>()
  const asked = ref(false)

  /** Who is logged in, asked once; false: nobody. A server that does not answer is an error, not a log-out. */
  async function ready(): Promise<boolean> {
    if (!asked.value) {
      try {
        me.value = await apiMe()
      } catch (error) {
        if (!(error instanceof ApiError) || error.problem.status !== 401) throw error
        me.value = undefined
      }
      asked.value = true
    }
    return me.value !== undefined
  }
  async function login(name: string, password: string): Promise<void> {
    me.value = await apiLogin({ name, password })
    asked.value = true
  }
  async function logout(): Promise<void> {
    await apiLogout().catch(() => undefined)
    me.value = undefined
  }
  function gone(): void {
    me.value = undefined
    asked.value = true
  }
  /** "county", "own_list", "town" or "" */
  const scope = (permission: string): string =>
    me.value?.permissions.find((p) => p.startsWith(`${permission}:`))?.slice(permission.length + 1) ?? ''
  const may = (permission: string): boolean => scope(permission) !== ''
  return { me, ready, login, logout, gone, may, scope }
})
