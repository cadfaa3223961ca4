import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** The server sends FILE.gz to browsers that take gzip; it compresses nothing itself. */
function compressed(): Plugin {
  return {
    name: 'anju-compressed',
    apply: 'build',
    // from what was written: Vite still changes chunks while it generates them
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue
        const path = join(options.dir ?? '', name)
        const bytes = readFileSync(path)
        if (bytes.length > 1024) writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  plugins: [vue(), Components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ directives: false })] }), compressed()],
  build: { outDir: '../build/web', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 800, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': 'http://127.0.0.1:8450' } },
  test: { include: ['src/**/*.test.ts'] },
})
