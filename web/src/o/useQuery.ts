import { computed, type ComputedRef } from 'vue'
import { type LocationQueryRaw, useRoute, useRouter } from 'vue-router'

/** Filters that live in the address, so that a link shows a colleague the same view. Empty ones are left out. */
export function useQuery<K extends string>(names: readonly K[]): { query: ComputedRef<Record<K, string>>; set: (more: Partial<Record<K, string | number>>, keepPage?: boolean) => void } {
  const route = useRoute()
  const router = useRouter()
  const here = route.name
  const query = computed(() => {
    const out = {} as Record<K, string>
    for (const name of names) out[name] = typeof route.query[name] === 'string' ? (route.query[name] as string) : ''
    return out
  })
  function set(more: Partial<Record<K, string | number>>, keepPage = false): void {
    if (route.name !== here) return
    const next: LocationQueryRaw = { ...route.query }
    if (!keepPage) delete next.page
    for (const [name, value] of Object.entries(more)) {
      if (value === '' || value === undefined) delete next[name]
      else next[name] = String(value)
    }
    void router.replace({ query: next })
  }
  return { query, set }
}
