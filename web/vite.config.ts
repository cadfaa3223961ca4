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
    generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue
        const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source)
        if (bytes.length > 1024) this.emitFile({ type: 'asset', fileName: `${name}.gz`, source: gzipSync(bytes, { level: 9 }) })
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
