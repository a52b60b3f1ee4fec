"""Why a sink stops or refuses to start.

SinkError
├── SourceMismatchError   the database was filled from other topics than these
├── MissingTopicError     the broker does not hold a topic that is read
├── BrokerError           the broker refuses what is asked of it
│   └── NoBrokerError     the broker does not answer
├── SinkBusyError         another process writes the same database
├── DatabaseVersionError  the database was written by a later version
│   └── OlderDatabaseError  or by an earlier one, and waits for its writer
├── UnreadableError       the database to be made anew cannot be read
├── DatabaseTroubleError  the database cannot be read or written: full, locked, damaged, closed
├── UnwritableError       a file cannot be written
├── NoDatabaseError       there is no database to read
└── CopyFailedError       the process that writes files beside this one has failed
"""


class SinkError(Exception):
    """Base of the errors of this package."""


class SourceMismatchError(SinkError):
    """Say that the stored offsets belong to other topics."""


class MissingTopicError(SinkError):
    """Say which topic is not there."""


class BrokerError(SinkError):
    """Say what the broker did not do."""


class NoBrokerError(BrokerError):
    """Say that nobody answers at the address."""


class SinkBusyError(SinkError):
    """Say that the database already has a writer."""


class DatabaseVersionError(SinkError):
    """Say that the database is newer than this program."""


class OlderDatabaseError(DatabaseVersionError):
    """Say that the database is older than this program, and who brings it up to date."""


class DatabaseTroubleError(SinkError):
    """Say why SQLite cannot use the database's file, and what to do."""


class UnwritableError(SinkError):
    """Say which file cannot be written, and why."""


class NoDatabaseError(SinkError):
    """Say that no database stands at the path."""


class UnreadableError(SinkError):
    """Say why the database that is to be made anew cannot be read."""


class CopyFailedError(SinkError):
    """Say why the process that writes report files beside this one has failed."""
