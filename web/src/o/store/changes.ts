import { defineStore } from 'pinia'
import { ref } from 'vue'
import { ApiError, type Change, changes as apiChanges } from '../../core/client'
import { useCounty } from './county'
import { useSession } from './session'

const EVERY_MS = 5000
const SHOWN_MS = 6000

/** What others do appears here: asked every few seconds, less often while the page is hidden or the server is away. */
export const useChanges = defineStore('changes', () => {
  const session = useSession()
  const county = useCounty()
  const seq = ref(-1)
  const ofOthers = ref(0) // counts batches of other people's entries: pages watch it
  const batch = ref<Change[]>([]) // what was new the last time, of everybody
  const tick = ref(0) // counts batches
  const news = ref<Change>()
  const recent = ref<Change[]>([])
  const offline = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false

  async function ask(): Promise<void> {
    if (!session.me || !session.may('changes_read')) return
    try {
      const got = await apiChanges(seq.value < 0 ? {} : { since: seq.value })
      const first = seq.value < 0
      offline.value = false
      seq.value = got.seq
      if (got.changes.length) {
        recent.value = [...got.changes].reverse().concat(recent.value).slice(0, 50)
        const others = got.changes.filter((c) => c.author !== session.me?.name)
        if (!first) {
          batch.value = got.changes
          tick.value++
          void county.refresh()
        }
        if (!first && others.length) {
          ofOthers.value++
          show(others.at(-1))
        }
      }
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) session.gone()
      offline.value = error instanceof ApiError && error.problem.code === 'offline'
    }
  }
  function show(change: Change | undefined): void {
    news.value = change
    setTimeout(() => {
      if (news.value === change) news.value = undefined
    }, SHOWN_MS)
  }
  async function loop(): Promise<void> {
    await ask()
    if (running) timer = setTimeout(loop, document.hidden ? EVERY_MS * 6 : EVERY_MS)
  }
  function seen(): void {
    if (document.hidden || !running) return
    clearTimeout(timer)
    void loop()
  }
  function start(): void {
    if (running) return
    running = true
    seq.value = -1
    document.addEventListener('visibilitychange', seen)
    void loop()
  }
  function stop(): void {
    running = false
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', seen)
  }
  return { seq, ofOthers, batch, tick, news, recent, offline, start, stop, ask }
})
