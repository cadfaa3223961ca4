/** Sending a list with progress: fetch cannot report how much is sent, XMLHttpRequest can. */
import { ApiError, address, type Imported, type ImportReport, type Problem } from './client'

export interface ImportLine {
  id: number
  file: File
  state: 'waiting' | 'sending' | 'reading' | 'done' | 'failed'
  share: number // sent, 0 to 1
  list: string // "" = recognise
  mapping: string // JSON, "" none
  problem: string
  reports: ImportReport[]
}

let count = 0
export const newLine = (file: File): ImportLine => ({ id: ++count, file, state: 'waiting', share: 0, list: '', mapping: '', problem: '', reports: [] })

export function problemOf(status: number, text: string): ApiError {
  let problem: Problem | undefined
  try {
    const json: unknown = JSON.parse(text)
    if (json && typeof json === 'object' && typeof (json as Problem).detail === 'string') problem = json as Problem
  } catch {
    // not ours: a proxy's page, or nothing
  }
  return new ApiError(
    problem ?? {
      type: 'about:blank', title: status ? '服务器出错' : '连不上服务器', status,
      detail: status ? '服务器没有正常回答，请稍后再试。' : '连不上服务器，请检查网络后再试。', code: status ? 'failed' : 'offline',
    },
  )
}

export function readFile(line: ImportLine, sender: string, progress: (share: number) => void): Promise<ImportReport[]> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', address('/api/imports', { name: line.file.name, list: line.list, sender, mapping: line.mapping }))
    request.setRequestHeader('X-Anju', '1')
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0)
    request.upload.onload = () => progress(1)
    request.onerror = () => reject(problemOf(0, ''))
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve((JSON.parse(request.responseText) as Imported).imported)
      else reject(problemOf(request.status, request.responseText))
    }
    request.send(line.file)
  })
}
