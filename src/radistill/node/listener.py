"""C-STORE and C-ECHO as a service class provider, with limits that pynetdicom does not have."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from socketserver import TCPServer
from typing import Any

from pynetdicom import AE, AllStoragePresentationContexts, _config, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import ThreadedAssociationServer

from radistill.errors import UsageError
from radistill.imaging.dicom.stored import READ_SYNTAXES
from radistill.node.film_header import READ_CLASSES
from radistill.node.inbox import NOT_SUPPORTED, Declined, Inbox
from radistill.node.node_config import NodeConfig, Tls

PDU_BYTES = 1 << 18
_IDLE_SECONDS = 0.003  # between looks at a peer that says nothing, where pynetdicom has 0.001
_LONGEST = 1 << 20  # an association request may be longer than a PDU of data
_NO_AUTHORITY = (0x01, 0x01, 0x03)  # rejected for good, calling AE title not recognised


class Listener:
    """Runs in threads of its own from `start` to `stop`."""

    def __init__(self, config: NodeConfig, inbox: Inbox) -> None:
        self._config, self._inbox = config, inbox
        self._hosts = {name: _addresses(name) for name in {s.host for s in config.senders} if name}
        _config.STORE_RECV_CHUNKED_DATASET = True  # films go to disk, not to memory
        self._ae = ae = AE(config.ae_title)
        ae.maximum_pdu_size = PDU_BYTES
        ae.maximum_associations = config.limits.associations
        ae.require_called_aet = True
        ae.require_calling_aet = [sender.ae_title for sender in config.senders]
        ae.network_timeout = ae.acse_timeout = ae.dimse_timeout = config.limits.silence
        ae.add_supported_context(Verification)
        for context in AllStoragePresentationContexts:
            ae.add_supported_context(str(context.abstract_syntax))
        for kind in READ_CLASSES:
            ae.add_supported_context(kind, list(READ_SYNTAXES))
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """The one it listens on, where 0 was asked for."""
        assert self._server is not None
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Raises UsageError if the port is taken or TLS does not work."""
        config = self._config
        context = None if config.tls is None else server_tls(config.tls)
        _Server.listener = self
        handlers: list[Any] = [
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_REJECTED, lambda event: self._inbox.decline("association", "a peer")),
            (evt.EVT_C_STORE, self._store),
        ]
        try:
            self._server = _Server(
                self._ae,
                (config.host, config.port),
                config.ae_title,
                self._ae.supported_contexts,
                context,
                handlers,
            )
        except OSError as error:
            raise UsageError(
                f"{config.host} port {config.port}: cannot listen there ({error.strerror})"
            ) from None
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self, grace: float) -> None:
        """Take no more associations, and give those that there are `grace` seconds."""
        if self._server is None:  # it never started
            return
        TCPServer.shutdown(self._server)
        self._server.server_close()
        deadline = time.monotonic() + grace
        while self._server.active_associations and time.monotonic() < deadline:
            time.sleep(0.05)
        for association in self._server.active_associations:
            association.abort()

    def may_connect(self, host: str) -> bool:
        """Whether a peer at this address is worth an association."""
        assert self._server is not None
        room = len(self._server.active_associations) < 2 * self._config.limits.associations
        return room and any(self._is_at(sender.host, host) for sender in self._config.senders)

    def _is_at(self, name: str | None, host: str) -> bool:
        return name is None or host in self._hosts[name]

    def _opened(self, event: evt.Event) -> None:
        """Replace pynetdicom's reading, which waits for ever and takes PDUs of any length."""
        wrapped: Any = event.assoc.dul.socket
        limits = self._config.limits
        reader = _Reader(wrapped.socket, limits.silence, (limits.megabytes + 1) * 2**20)
        wrapped.recv = event.assoc.reader = reader  # type: ignore[attr-defined]
        event.assoc.dul._run_loop_delay = _IDLE_SECONDS
        send_at_once(event)

    def _requested(self, event: evt.Event) -> None:
        peer = event.assoc.requestor
        title, host = peer.primitive.calling_ae_title, peer.address  # type: ignore[union-attr]
        known = [one for one in self._config.senders if one.ae_title == str(title).strip()]
        if known and not any(self._is_at(one.host, str(host)) for one in known):
            self._inbox.decline("association", "a peer")
            event.assoc.acse.send_reject(*_NO_AUTHORITY)
            event.assoc.kill()

    def _store(self, event: evt.Event) -> int:
        event.assoc.reader.received = 0  # type: ignore[attr-defined]
        source = str(event.assoc.requestor.ae_title).strip()
        try:
            if event.request.AffectedSOPClassUID not in READ_CLASSES:
                self._inbox.decline("sop-class", source)
                return NOT_SUPPORTED
            self._inbox.take(event.dataset_path, source)
        except Declined as error:
            return error.status
        return 0x0000


class _Reader:
    """Reads from a socket with a deadline for each PDU, and bounds what one message may have."""

    def __init__(self, peer: socket.socket, seconds: float, most: int) -> None:
        self._peer, self._seconds, self._most = peer, seconds, most
        self.received = 0  # bytes since the last film

    def __call__(self, count: int) -> bytearray:
        """Up to `count` bytes, fewer where the peer closes. OSError ends the association."""
        self.received += count
        if count > _LONGEST or self.received > self._most:
            raise OSError("more than a film may have")
        data, got, deadline = bytearray(count), 0, time.monotonic() + self._seconds
        view = memoryview(data)
        acknowledge_at_once(self._peer)
        while got < count:
            self._peer.settimeout(max(0.01, deadline - time.monotonic()))
            read = self._peer.recv_into(view[got:])
            if not read:
                return data[:got]
            got += read
            if time.monotonic() > deadline:
                raise TimeoutError("the peer is too slow")
        return data


def send_at_once(event: evt.Event) -> None:
    """Let what an association sends not wait for the peer to acknowledge what came before."""
    wrapped: Any = event.assoc.dul.socket
    wrapped.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def acknowledge_at_once(peer: socket.socket) -> None:
    """Let a peer that does wait so, as Orthanc does, go on: Linux takes 40 ms to acknowledge.

    To be called for each message, since Linux forgets it.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


class _Server(ThreadedAssociationServer):
    """Shakes hands for TLS in the association's thread, so that no peer holds up the others."""

    listener: Listener

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        peer, address = self.socket.accept()  # type: ignore[union-attr]
        if self.ssl_context is not None:
            peer.settimeout(self.ae.network_timeout)
            peer = self.ssl_context.wrap_socket(
                peer, server_side=True, do_handshake_on_connect=False
            )
        return peer, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return self.listener.may_connect(client_address[0])


def server_tls(tls: Tls) -> ssl.SSLContext:
    """For who is called: with `authority`, callers must show a certificate. Raises UsageError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return _loaded(context, tls)


def client_tls(tls: Tls) -> ssl.SSLContext:
    """For who calls: the other side's certificate is checked. Raises UsageError."""
    return _loaded(ssl.create_default_context(), tls)


def _loaded(context: ssl.SSLContext, tls: Tls) -> ssl.SSLContext:
    try:
        if tls.authority is not None:
            context.load_verify_locations(tls.authority)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f"tls: {error.filename or tls.certificate}: {error.strerror}") from None
    return context


def _addresses(host: str) -> set[str]:
    try:
        return {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise UsageError(f"senders: {host}: unknown ({error.strerror})") from None
