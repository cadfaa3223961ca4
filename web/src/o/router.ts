import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { useSession } from './store/session'

declare module 'vue-router' {
  interface RouteMeta {
    title: string
    permission?: string // what one must be allowed; without it the page is not in the navigation
    bare?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('./views/LoginView.vue'), meta: { title: '登录', bare: true } },
  { path: '/', name: 'today', component: () => import('./views/TodayView.vue'), meta: { title: '今天要办' } },
  { path: '/stages', name: 'stages', component: () => import('./views/StagesView.vue'), meta: { title: '工作阶段' } },
  { path: '/import', name: 'import', component: () => import('./views/ImportView.vue'), meta: { title: '导入名单', permission: 'list_import' } },
  { path: '/lists', name: 'lists', component: () => import('./views/ListsView.vue'), meta: { title: '名单与版本', permission: 'list_read' } },
  { path: '/matrix', name: 'matrix', component: () => import('./views/MatrixView.vue'), meta: { title: '一致情况', permission: 'overview_read' } },
  { path: '/differences', name: 'differences', component: () => import('./views/DifferencesView.vue'), meta: { title: '差异处理', permission: 'difference_read' } },
  { path: '/corrections', name: 'corrections', component: () => import('./views/CorrectionsView.vue'), meta: { title: '更正表', permission: 'corrections_read' } },
  { path: '/register', name: 'register', component: () => import('./views/RegisterView.vue'), meta: { title: '登记名册', permission: 'register_read' } },
  { path: '/household/:id', name: 'household', component: () => import('./views/HouseholdView.vue'), meta: { title: '户档', permission: 'register_read' } },
  { path: '/locks', name: 'locks', component: () => import('./views/LocksView.vue'), meta: { title: '锁定', permission: 'overview_read' } },
  { path: '/journal', name: 'journal', component: () => import('./views/JournalView.vue'), meta: { title: '日志核验', permission: 'journal_verify' } },
  { path: '/accounts', name: 'accounts', component: () => import('./views/AccountsView.vue'), meta: { title: '账号', permission: 'account_manage' } },
  { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./views/NowhereView.vue'), meta: { title: '没有这一页' } },
]

export const router = createRouter({ history: createWebHistory(), routes })

router.beforeEach(async (to) => {
  const session = useSession()
  if (to.name === 'login') return true
  if (!(await session.ready())) return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (to.meta.permission && !session.may(to.meta.permission)) return { name: 'today' }
  return true
})
router.afterEach((to) => {
  document.title = `${to.meta.title} · 安居`
})
