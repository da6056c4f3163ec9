import type { ContentsSink } from '../../../src/store/index.ts'

/** A sink that writes down what it is told. `onRoom` is called whenever room is asked for, of at most `roomSize`. */
export function createRecordingSink(roomSize = 1 << 16, onRoom: () => void = () => {}) {
  const calls: unknown[] = []
  const room = new Uint8Array(roomSize)
  const sink: ContentsSink = {
    directory: () => calls.push('directory'),
    entry: name => calls.push(['entry', name]),
    endDirectory: () => calls.push('endDirectory'),
    symlink: target => calls.push(['symlink', target]),
    regular: (executable, size) => calls.push(['regular', executable, size]),
    room() {
      onRoom()
      return room
    },
    advance: length => calls.push(['data', Buffer.from(room.subarray(0, length)).toString('latin1')]),
  }
  return { sink, calls }
}
