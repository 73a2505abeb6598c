import { connect, type Socket } from 'node:net';

/** Opens a connection to the loopback interface. */
export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Everything that comes until the server closes the connection. */
export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

/** Sends these bytes on a new connection and returns everything that comes until it is closed. */
export async function exchange(port: number, request: string): Promise<string> {
  const socket = await open(port);
  const answer = readAll(socket);
  socket.write(request, 'latin1');
  return answer;
}

/** Waits until the condition holds; fails after twenty seconds, which a busy machine may need. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('It did not happen within twenty seconds');
}
