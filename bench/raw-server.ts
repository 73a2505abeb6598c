/**
 * The yardstick: `node:http` with nothing on it. Arguments: status, body size in bytes, and perhaps a file that
 * is streamed instead of a Buffer. Prints its port.
 */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [status, size, file] = process.argv.slice(2);
const code = Number(status);
const body = Buffer.alloc(Number(size), 'x');
const headers =
  code === 204
    ? []
    : [
        'content-type',
        'application/json; charset=utf-8',
        'content-length',
        String(file ? statSync(file).size : size),
      ];

const server = createServer((_request, response) => {
  response.writeHead(code, headers);
  if (file) createReadStream(file).pipe(response);
  else if (code === 204) response.end();
  else response.end(body);
});
server.keepAliveTimeout = 72_000;
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
