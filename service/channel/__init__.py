"""The local control channel: how the command line and the windows talk to the running program.

`server` belongs to the running program, `client` to the command line; `handshake` proves to each that the other has the
user's key; `link` carries frames, over a socket or a named pipe. Import the module that you need: the client's path is
part of the 80 ms of `status`.

On the link, after the handshake: one request, an object of JSON; then any number of `{"progress": {...}}`, and one
`{"answer": {...}}` or `{"error": "sentence", "kind": "..."}`, each with the `language` that it is written in. Frames
are at most 1 MiB. A connection carries one request.
"""
