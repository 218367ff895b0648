"""How a target is sent files: C-STORE, STOW-RS or a folder."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from dicomweb_client.api import DICOMwebClient
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    EnhancedSRStorage,
    SecondaryCaptureImageStorage,
    Verification,
)
from requests import HTTPError, RequestException, Session

from radistill.errors import RadistillError, UsageError
from radistill.files import replacing
from radistill.node.listener import PDU_BYTES, acknowledge_at_once, client_tls, send_at_once
from radistill.node.node_config import (
    DicomTarget,
    FolderTarget,
    Target,
    WebServer,
    WebTarget,
)

SECONDS = 20.0  # for an answer of a target
_config.STORE_SEND_CHUNKED_DATASET = True  # files are sent without parsing them
_DUPLICATE = 0x0111  # it has this instance already
_BUSY = range(0xA700, 0xA800)  # out of resources: may pass
_PASSING = (408, 425, 429)  # HTTP statuses below 500 that may pass


class Unreachable(RadistillError):
    """The target does not answer, or not now; the same try may do later."""


class TurnedDown(RadistillError):
    """The target answers, and does not take this object."""


class TargetClient(Protocol):
    """How a kind of target gets objects."""

    def send(self, files: Sequence[Path]) -> None:
        """Raises Unreachable or TurnedDown; FileNotFoundError for files that are gone."""

    def check(self) -> None:
        """Whether the target answers; raises as `send` does."""

    def rest(self) -> None:
        """There is nothing to send at present."""


def client_of(target: Target, ae_title: str) -> TargetClient:
    """Raises UsageError if a file that it needs cannot be read."""
    if isinstance(target, DicomTarget):
        return DicomClient(target, ae_title)
    return FolderClient(target) if isinstance(target, FolderTarget) else WebClient(target)


class DicomClient:
    """A service class user of C-STORE; its association stays open while there is work."""

    def __init__(self, target: DicomTarget, ae_title: str) -> None:
        self._target = target
        self._tls = (client_tls(target.tls), target.host) if target.tls else None
        self._ae = AE(ae_title)
        self._ae.connection_timeout = self._ae.acse_timeout = SECONDS
        self._ae.dimse_timeout = self._ae.network_timeout = SECONDS
        for kind in (EnhancedSRStorage, SecondaryCaptureImageStorage):
            self._ae.add_requested_context(kind, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        self._ae.add_requested_context(Verification)
        self._open: Association | None = None

    def send(self, files: Sequence[Path]) -> None:
        for file in files:
            try:
                status = self._store(file).get("Status")
            except ValueError as error:  # no context accepted for it
                raise TurnedDown(f"does not take this kind of object ({error})") from None
            except RuntimeError as error:  # the association is gone
                self._open = None
                raise Unreachable(str(error)) from None
            if status is None or status in _BUSY:
                self.rest()
                raise Unreachable("no answer" if status is None else f"status 0x{status:04X}")
            if status != _DUPLICATE and status != 0 and status >> 12 != 0xB:  # 0xBxxx: warnings
                raise TurnedDown(f"status 0x{status:04X}")

    def _store(self, file: Path) -> Dataset:
        association = self._associated()
        try:
            return association.send_c_store(file)  # as it lies on disk
        except ValueError:  # the peer wants another transfer syntax
            return association.send_c_store(dcmread(file))

    def check(self) -> None:
        if self._associated().send_c_echo().get("Status") != 0:
            raise Unreachable("no answer to C-ECHO")

    def rest(self) -> None:
        if self._open is not None:
            self._open.release() if self._open.is_established else self._open.abort()
            self._open = None

    def _associated(self) -> Association:
        if self._open is None or not self._open.is_established:
            self.rest()
            target = self._target
            self._open = self._ae.associate(
                target.host,
                target.port,
                ae_title=target.ae_title,
                max_pdu=PDU_BYTES,
                tls_args=self._tls,
                evt_handlers=[(evt.EVT_CONN_OPEN, _opened)],
            )
            if not self._open.is_established:
                why = "refuses the association" if self._open.is_rejected else "does not answer"
                self._open = None
                raise Unreachable(f"{target.host} port {target.port} {why}")
        return self._open


def _opened(event: evt.Event) -> None:
    """Let neither side wait for the other's acknowledgement of half a message."""
    wrapped: Any = event.assoc.dul.socket
    receive = wrapped.recv

    def received(count: int) -> bytearray:
        acknowledge_at_once(wrapped.socket)
        data: bytearray = receive(count)
        return data

    wrapped.recv = received
    send_at_once(event)


class WebClient:
    """STOW-RS."""

    def __init__(self, target: WebTarget) -> None:
        self._client = web_client(target)

    def send(self, files: Sequence[Path]) -> None:
        objects = [dcmread(file) for file in files]
        try:
            answer = self._client.store_instances(objects)
        except HTTPError as error:
            code = error.response.status_code if error.response is not None else 500
            raise (TurnedDown if code < 500 and code not in _PASSING else Unreachable)(
                f"HTTP status {code}"
            ) from None
        except ValueError as error:  # the answer is no DICOM
            raise TurnedDown(f"an answer that makes no sense ({type(error).__name__})") from None
        except (RequestException, OSError) as error:
            raise Unreachable(type(error).__name__) from None
        for item in answer.get("FailedSOPSequence", ()):
            if item.get("FailureReason") != _DUPLICATE:
                raise TurnedDown(f"failure 0x{item.get('FailureReason', 0):04X}")

    def check(self) -> None:
        try:
            self._client.search_for_studies(limit=1)
        except (RequestException, OSError) as error:
            raise Unreachable(type(error).__name__) from None

    def rest(self) -> None:
        pass


class FolderClient:
    """Files named by their SOP Instance UIDs."""

    def __init__(self, target: FolderTarget) -> None:
        self._folder = target.path

    def send(self, files: Sequence[Path]) -> None:
        for file in files:
            uid = dcmread(file, specific_tags=["SOPInstanceUID"]).SOPInstanceUID
            try:
                with replacing(self._folder / f"{uid}.dcm") as temporary:
                    shutil.copyfile(file, temporary)
            except (RadistillError, OSError) as error:
                raise Unreachable(str(error)) from None

    def check(self) -> None:
        try:
            with replacing(self._folder / ".radistill-check") as temporary:
                temporary.write_bytes(b"")
            (self._folder / ".radistill-check").unlink()
        except (RadistillError, OSError) as error:
            raise Unreachable(str(error)) from None

    def rest(self) -> None:
        pass


def web_client(server: WebServer) -> DICOMwebClient:
    """A DICOMweb client that waits no longer than `SECONDS`, and tries nothing by itself."""
    client = DICOMwebClient(server.url, session=web_session(server), timeout=SECONDS)
    client.set_http_retry_params(retry=False)
    return client


def web_session(server: WebServer) -> Session:
    """Raises UsageError if the password's file cannot be read."""
    session = Session()
    session.trust_env = False  # no proxy of the environment sees films
    if server.authority is not None:
        session.verify = str(server.authority)
    if server.user is not None and server.password_file is not None:
        try:
            password = server.password_file.read_text("utf-8").splitlines()[0]
        except (OSError, UnicodeDecodeError, IndexError) as error:
            raise UsageError(f"{server.password_file}: cannot be read ({error})") from None
        session.auth = (server.user, password)
    return session
