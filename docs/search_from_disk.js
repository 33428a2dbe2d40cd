// Let the search work where the pages are opened from disk: browsers start no worker from a file, so that its script
// runs in a hidden frame. MkDocs Material looks for the name IFrameWorker.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(address) {
      super()
      this.waiting = []
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      this.inner = frame.contentWindow
      this.inner.postMessage = data => this.dispatchEvent(new MessageEvent("message", { data }))
      this.inner.importScripts = (...files) => files.reduce((before, file) => before.then(() => this.load(file)), Promise.resolve())
      this.load(address).then(() => {
        const first = this.waiting.splice(0)
        this.waiting = null
        first.forEach(data => this.postMessage(data))
      })
    }

    load(address) {
      return new Promise((done, failed) => {
        const script = this.inner.document.createElement("script")
        script.src = address
        script.onload = done
        script.onerror = failed
        this.inner.document.body.append(script)
      })
    }

    postMessage(data) {
      if (this.waiting) this.waiting.push(data)
      else this.inner.dispatchEvent(new this.inner.MessageEvent("message", { data }))
    }
  }
}
