"""Certificates of a test: an authority, and what it signs; by the openssl command."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

_CONFIG = """
[ca]
default_ca = here
[here]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """A certificate authority in a folder of its own; `certificate` is what clients trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.certificate = folder / "authority.pem"
        self._key = folder / "authority.key"
        (folder / "index.txt").touch()
        (folder / "serial").write_text("1000\n")
        (folder / "ca.cnf").write_text(_CONFIG.format(folder=folder))
        _openssl(
            *("req", "-x509", *_KEY, "-days", "2", "-subj", f"/CN={folder.name}"),
            *("-keyout", str(self._key), "-out", str(self.certificate)),
        )

    def issue(self, name: str, *names: str, days: int = 1) -> Path:
        """Return a file with a key and its certificate for `names`, expired where days < 0."""
        key, request = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        out = self.folder / f"{name}.crt"
        _openssl(
            *("req", "-new", *_KEY, "-subj", f"/CN={name}", "-keyout", str(key)),
            *(("-addext", f"subjectAltName={','.join(names)}") if names else ()),
            *("-out", str(request)),
        )
        now = datetime.now(UTC)
        start, end = sorted((now - timedelta(days=2), now + timedelta(days=days)))
        _openssl(
            *("ca", "-batch", "-notext", "-config", str(self.folder / "ca.cnf")),
            *("-cert", str(self.certificate), "-keyfile", str(self._key)),
            *("-startdate", f"{start:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}"),
            *("-in", str(request), "-out", str(out)),
        )
        both = self.folder / f"{name}.pem"
        both.write_text(key.read_text() + out.read_text())
        both.chmod(0o600)
        return both


def _openssl(*words: str) -> None:
    done = subprocess.run(["openssl", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
