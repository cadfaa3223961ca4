import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { campaign as apiCampaign, type Campaign, type Locks, locks as apiLocks, overview as apiOverview, type Overview } from '../../core/client'
import { useSession } from './session'

/** The campaign's words (lists, classes, towns, stages) and the state of the comparison, read once for all pages. */
export const useCounty = defineStore('county', () => {
  const session = useSession()
  const campaign = ref<Campaign>()
  const overview = ref<Overview>()
  const lockState = ref<Locks>()

  async function load(): Promise<void> {
    overview.value = lockState.value = undefined // of whoever was here before
    campaign.value = await apiCampaign()
    await refresh()
  }
  async function refresh(): Promise<void> {
    if (!session.may('overview_read')) return
    ;[overview.value, lockState.value] = await Promise.all([apiOverview(), apiLocks()])
  }
  /** Shown at once, before the next refresh counts again. */
  function settled(count: number, returned = false): void {
    if (overview.value && !returned) overview.value = { ...overview.value, open: Math.max(0, overview.value.open - count), decided: overview.value.decided + count }
  }
  const lists = computed(() => campaign.value?.lists ?? [])
  const classes = computed(() => campaign.value?.classes ?? [])
  const towns = computed(() => campaign.value?.towns ?? [])
  const stages = computed(() => campaign.value?.stages ?? [])
  const roles = computed(() => campaign.value?.roles ?? [])
  const name = computed(() => campaign.value?.division_name ?? '')
  const open = computed(() => overview.value?.open ?? 0)
  const locked = computed(() => lockState.value?.locks.some((l) => l.name === 'agreed') ?? false)
  const owners = computed(() => {
    const codes = new Set([...lists.value.map((l) => l.owner), ...classes.value.map((c) => c.owner)])
    return roles.value.filter((r) => codes.has(r.code))
  })
  const listName = (code: string): string => lists.value.find((l) => l.code === code)?.title ?? code
  const quoted = (code: string): string => `《${listName(code)}》`
  const className = (code: string): string => classes.value.find((c) => c.code === code)?.title ?? code
  const townName = (code: string): string => towns.value.find((t) => t.code === code)?.title ?? (code === 'unknown' ? '不明' : code)
  const roleName = (code: string): string => roles.value.find((r) => r.code === code)?.title ?? code
  const baseline = computed(() => lockState.value?.locked ?? false)
  return { campaign, overview, baseline, load, refresh, settled, lists, classes, towns, stages, name, open, locked, owners, listName, quoted, className, townName, roleName }
})
